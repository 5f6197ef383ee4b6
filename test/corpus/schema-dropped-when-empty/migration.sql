drop schema tmp_import;

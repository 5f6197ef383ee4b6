create schema "Größe";
create table "Größe"."My ""odd"" table" ("ID" int, "select" text, "ключ key" text, "a.b" int default 5, "it's" text, primary key ("ID", "ключ key"));

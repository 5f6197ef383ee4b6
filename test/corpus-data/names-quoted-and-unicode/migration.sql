alter table "Größe"."My ""odd"" table" drop column "select", drop column "a.b";
update "Größe"."My ""odd"" table" set "it's" = '-';

insert into "Größe"."My ""odd"" table" values (3, '漢', 'new');
update "Größe"."My ""odd"" table" set "it's" = 'mine' where "ключ key" = 'β';

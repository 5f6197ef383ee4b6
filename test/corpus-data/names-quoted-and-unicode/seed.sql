insert into "Größe"."My ""odd"" table" values (1, 'x', 'α', 1, 'q'), (1, 'y', 'β', 2, null), (2, null, 'ж''"', 3, '');

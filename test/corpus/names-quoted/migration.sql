alter table "My Schema"."Weird ""Table"" name" drop column "it's";
alter table "My Schema"."Weird ""Table"" name" rename column "with space" to "With.Dot";
drop index "My Schema"."An ""Index""";
create view "My Schema"."$view%s\1" as select "ID", "select" from "My Schema"."Weird ""Table"" name";

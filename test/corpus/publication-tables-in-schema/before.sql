create schema feed;
create table feed.posts (id int primary key);
create publication feed_pub for tables in schema feed;

drop publication feed_pub;
create publication all_pub for all tables;

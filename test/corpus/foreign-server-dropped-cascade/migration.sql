drop server warehouse cascade;

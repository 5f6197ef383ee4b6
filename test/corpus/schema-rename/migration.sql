alter schema crm rename to sales;

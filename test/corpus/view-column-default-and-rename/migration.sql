alter view public.stock_view alter column amount drop default;
alter view public.stock_view rename column amount to quantity;
alter view public.stock_view rename to stock_levels;

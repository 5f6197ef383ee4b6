merge into public.stock s using public.delivery d on s.sku = d.sku
when matched and d.amount = 0 then delete
when matched then update set amount = s.amount + d.amount
when not matched then insert values (d.sku, d.amount);

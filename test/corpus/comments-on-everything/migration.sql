comment on schema shop is 'What we sell';
comment on table shop.goods is 'new, with ''quotes'', a \ backslash and
a second line';
comment on column shop.goods.name is null;
comment on column shop.goods.id is 'Number';
comment on constraint goods_name on shop.goods is 'No empty names';
comment on constraint goods_pkey on shop.goods is 'The key';
comment on index shop.goods_name_idx is 'For search';
comment on view shop.names is 'Names';
comment on column shop.names.name is 'A name';
comment on materialized view shop.counted is 'How many';
comment on type shop.colour is 'Colours';
comment on type shop.pair is 'Two';
comment on column shop.pair.a is 'First';
comment on domain shop.code is 'Code';
comment on sequence shop.s is 'Numbers';

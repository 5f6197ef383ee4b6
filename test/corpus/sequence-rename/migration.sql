alter sequence public.cards_id_seq rename to cards_numbers;

insert into public.profiles values (1, '{"name": "A", "old": 1}'), (2, '{"name": "B"}'), (3, '{"old": [1, {"x": null}]}'), (4, '{"old": true}');

insert into public.samples values
  (1, '{a,"b c",NULL,"NULL",""}', '{{1,2},{3,4}}', '{"b": [1, null, "x"], "a": 1.50}', '\x00ff10', '10.0.0.1/8', '[1,5)', '{[1,3),[5,9)}', '1 mon -2 days 03:04:05.6', '10101', '''dog'':2 ''fox'':1', '12.30', '(1.5,-2)', 'x'),
  (2, null, null, null, null, null, null, null, null, null, null, null, null, 'y'),
  (3, '{}', '[0:1]={7,8}', 'null', '', '::1', 'empty', '{}', '-00:00:01', '', '', '-1', '(0,0)', 'z');

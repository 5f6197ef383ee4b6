CREATE SCHEMA app;
CREATE SCHEMA "Odd Schema.x";
COMMENT ON SCHEMA app IS 'line one
-- Name: fake; Type: TABLE; Schema: app; Owner: nobody
line three; with ''quotes'' and a \backslash';
GRANT USAGE ON SCHEMA app TO dump_reader WITH GRANT OPTION;
GRANT ALL ON SCHEMA app TO dump_writer;
CREATE EXTENSION citext SCHEMA app;
CREATE EXTENSION pg_trgm;
CREATE EXTENSION postgres_fdw;
COMMENT ON EXTENSION pg_trgm IS 'ours';

CREATE TYPE app.mood AS ENUM ('sad', 'it''s ok', 'happy');
CREATE DOMAIN app.short_text AS varchar(20) COLLATE "C" NOT NULL DEFAULT 'x' CONSTRAINT not_blank CHECK (VALUE <> '') CHECK (length(VALUE) < 20);
COMMENT ON CONSTRAINT not_blank ON DOMAIN app.short_text IS 'never blank';
CREATE TYPE app.pair AS (a integer, "b,c" text COLLATE "C", d numeric(10,2)[]);
COMMENT ON COLUMN app.pair.a IS 'first';
CREATE TYPE app.span AS RANGE (subtype = numeric, multirange_type_name = app.spans);
CREATE TYPE app.shell;
CREATE COLLATION app.german (provider = icu, locale = 'de-u-co-phonebk');
CREATE COLLATION app.plain FROM "C";
CREATE SEQUENCE app.counter AS smallint START 5 INCREMENT 5 MAXVALUE 1000 CYCLE CACHE 3;
GRANT USAGE ON SEQUENCE app.counter TO dump_reader;

CREATE FUNCTION app.touch() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $fn$
BEGIN
--
-- Name: fake; Type: FUNCTION; Schema: app; Owner: nobody
--

  -- $body$ and $_$ and ); inside
  NEW.note := 'a, b); ''';
  RETURN NEW;
END
$fn$;
REVOKE ALL ON FUNCTION app.touch() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.touch() TO dump_reader, dump_writer;
CREATE FUNCTION app.add(a integer, b integer DEFAULT 2, VARIADIC rest integer[] DEFAULT '{}') RETURNS integer IMMUTABLE PARALLEL SAFE COST 5 LANGUAGE sql RETURN a + b;
CREATE FUNCTION app.listing() RETURNS TABLE (id integer, name text) ROWS 10 STABLE LANGUAGE sql BEGIN ATOMIC SELECT 1, 'x'::text; SELECT 2, 'y'::text; END;
CREATE PROCEDURE app.work(INOUT n integer, OUT m text) LANGUAGE plpgsql AS 'BEGIN m := n::text; END';
CREATE AGGREGATE app.total (integer) (SFUNC = int4pl, STYPE = integer, INITCOND = '0', PARALLEL = safe, COMBINEFUNC = int4pl);
CREATE AGGREGATE app.middle (float8 ORDER BY anyelement) (SFUNC = ordered_set_transition, STYPE = internal, FINALFUNC = percentile_disc_final, FINALFUNC_EXTRA);
CREATE FUNCTION app.same(app.pair, app.pair) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT ($1).a = ($2).a';
CREATE OPERATOR app.=== (LEFTARG = app.pair, RIGHTARG = app.pair, FUNCTION = app.same, COMMUTATOR = OPERATOR(app.===), HASHES);
CREATE OPERATOR FAMILY app.fam USING btree;
CREATE OPERATOR CLASS app.reverse_ops FOR TYPE integer USING btree FAMILY app.fam AS OPERATOR 1 >, OPERATOR 2 >=, OPERATOR 3 =, OPERATOR 4 <=, OPERATOR 5 <, FUNCTION 1 btint4cmp(integer, integer);
CREATE FUNCTION app.to_mood(integer) RETURNS app.mood IMMUTABLE LANGUAGE sql AS $$ SELECT 'sad'::app.mood $$;
CREATE CAST (integer AS app.mood) WITH FUNCTION app.to_mood(integer) AS ASSIGNMENT;
CREATE TEXT SEARCH DICTIONARY app.simple_dict (TEMPLATE = simple, stopwords = english);
CREATE TEXT SEARCH CONFIGURATION app.search (COPY = simple);
ALTER TEXT SEARCH CONFIGURATION app.search ALTER MAPPING FOR asciiword WITH app.simple_dict;
CREATE CONVERSION app.conv FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8;
CREATE ACCESS METHOD heap2 TYPE TABLE HANDLER heap_tableam_handler;

CREATE TABLE app.people (
  id bigint GENERATED ALWAYS AS IDENTITY (START 10 INCREMENT 2) PRIMARY KEY,
  email app.citext NOT NULL UNIQUE,
  "Odd ""col"", (x)" text DEFAULT 'it''s, (odd)' || E'\t',
  mood app.mood DEFAULT 'happy' NOT NULL,
  tag app.short_text,
  pair app.pair DEFAULT ROW(1, 'x', '{}')::app.pair,
  span app.spans,
  body text COLLATE app.german,
  zip text COMPRESSION pglz,
  doubled numeric(12,2) GENERATED ALWAYS AS ((2 * 2.5)) STORED,
  period tstzrange,
  note text,
  at timestamptz DEFAULT now(),
  CONSTRAINT "checks, (all)" CHECK (note <> '); --' AND length(note) > 0),
  CONSTRAINT no_child CHECK (id > 0) NO INHERIT,
  CONSTRAINT no_overlap EXCLUDE USING gist (period WITH &&) WHERE (note IS NOT NULL)
);
ALTER TABLE app.people ADD CONSTRAINT later CHECK (note <> 'z') NOT VALID;
ALTER TABLE app.people ALTER COLUMN body SET STORAGE EXTERNAL;
ALTER TABLE app.people ALTER COLUMN note SET STATISTICS 500;
ALTER TABLE app.people ALTER COLUMN note SET (n_distinct = -0.5);
ALTER TABLE app.people SET (fillfactor = 70, autovacuum_enabled = false);
ALTER TABLE app.people REPLICA IDENTITY FULL;
ALTER TABLE app.people ENABLE ROW LEVEL SECURITY;
ALTER TABLE app.people FORCE ROW LEVEL SECURITY;
ALTER TABLE app.people OWNER TO dump_writer;
COMMENT ON TABLE app.people IS 'People; and ''more''';
COMMENT ON COLUMN app.people.note IS 'Note
--
-- Name: COLUMN people.fake; Type: COMMENT; Schema: app; Owner: nobody
--
';
GRANT SELECT, INSERT ON app.people TO dump_reader;
GRANT SELECT (note), UPDATE (note, mood) ON app.people TO "Odd ""Role""";
GRANT UPDATE (mood) ON app.people TO PUBLIC;
CREATE POLICY own ON app.people AS RESTRICTIVE FOR UPDATE TO dump_reader, dump_writer USING (note = CURRENT_USER) WITH CHECK (note <> ');');
CREATE POLICY "read all" ON app.people FOR SELECT TO dump_reader USING (true);
COMMENT ON POLICY own ON app.people IS 'own';
CREATE INDEX people_note ON app.people USING btree (lower(note) COLLATE "C" DESC NULLS LAST) INCLUDE (mood) WITH (fillfactor = 90) WHERE (mood = 'sad');
CREATE UNIQUE INDEX people_tag ON app.people (tag) NULLS NOT DISTINCT;
CREATE INDEX people_trgm ON app.people USING gin (note gin_trgm_ops);
COMMENT ON INDEX app.people_note IS 'index';
CREATE STATISTICS app.people_stats (ndistinct, dependencies) ON mood, tag FROM app.people;
ALTER TABLE app.people CLUSTER ON people_tag;
CREATE TRIGGER touch BEFORE UPDATE OF note ON app.people FOR EACH ROW WHEN (OLD.note IS DISTINCT FROM NEW.note) EXECUTE FUNCTION app.touch('arg, 1', '2');
CREATE CONSTRAINT TRIGGER later_touch AFTER INSERT ON app.people DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION app.touch();
ALTER TABLE app.people DISABLE TRIGGER later_touch;
COMMENT ON TRIGGER touch ON app.people IS 'trigger';
CREATE RULE keep AS ON DELETE TO app.people DO ALSO (SELECT 1; NOTIFY gone);

CREATE TABLE app.orders (
  id serial PRIMARY KEY,
  person bigint REFERENCES app.people ON DELETE CASCADE DEFERRABLE,
  boss integer CONSTRAINT to_self REFERENCES app.orders (id) ON DELETE SET NULL (boss),
  qty integer NOT NULL DEFAULT nextval('app.counter'),
  UNIQUE NULLS NOT DISTINCT (person, qty)
);
CREATE TABLE app.events (at date NOT NULL, kind text NOT NULL DEFAULT 'x', PRIMARY KEY (at, kind)) PARTITION BY RANGE (at);
CREATE TABLE app.events_2026 PARTITION OF app.events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01') PARTITION BY LIST (kind);
CREATE TABLE app.events_2026_x PARTITION OF app.events_2026 (kind DEFAULT 'y') FOR VALUES IN ('x', 'y');
CREATE TABLE app.events_rest PARTITION OF app.events DEFAULT;
CREATE INDEX events_kind ON app.events (kind);
CREATE TABLE app.parent (a integer NOT NULL DEFAULT 1 CHECK (a > 0), b text);
CREATE TABLE app.child (c integer, b text NOT NULL) INHERITS (app.parent);
ALTER TABLE app.child ALTER COLUMN a SET DEFAULT 7;
CREATE TABLE app.typed OF app.pair (PRIMARY KEY (a), d WITH OPTIONS DEFAULT '{}');
CREATE UNLOGGED TABLE app.fast (x integer);
CREATE TABLE "Odd Schema.x"."Odd.Table" ("select" integer, "ünï" text, plain text);
COMMENT ON COLUMN "Odd Schema.x"."Odd.Table"."ünï" IS 'häßlich 😀';
CREATE TABLE app.empty ();
CREATE TABLE app.other_method (x integer) USING heap2;

CREATE VIEW app.names WITH (security_invoker = true, security_barrier = true) AS SELECT id, note, 'a;
--
-- Name: fake; Type: VIEW; Schema: app; Owner: nobody
--
' AS text FROM app.people WHERE note IS NOT NULL WITH LOCAL CHECK OPTION;
ALTER VIEW app.names ALTER COLUMN note SET DEFAULT 'v';
CREATE VIEW app.names2 AS SELECT names.*, row_number() OVER (PARTITION BY note ORDER BY id) FROM app.names;
CREATE RECURSIVE VIEW app.numbers (n) AS VALUES (1) UNION ALL SELECT n + 1 FROM numbers WHERE n < 5;
CREATE MATERIALIZED VIEW app.summary AS SELECT mood, count(*) AS n FROM app.people GROUP BY mood WITH NO DATA;
CREATE UNIQUE INDEX summary_mood ON app.summary (mood);
COMMENT ON MATERIALIZED VIEW app.summary IS 'summary';
GRANT SELECT ON app.summary, app.names TO dump_reader;
CREATE RULE ins AS ON INSERT TO app.names2 DO INSTEAD NOTHING;

CREATE FOREIGN DATA WRAPPER nowhere;
CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'example.com', dbname 'x');
CREATE USER MAPPING FOR dump_reader SERVER far OPTIONS (user 'x');
CREATE FOREIGN TABLE app.remote (id integer OPTIONS (column_name 'ID') NOT NULL, t text) SERVER far OPTIONS (table_name 't');
GRANT USAGE ON FOREIGN SERVER far TO dump_reader;
CREATE PUBLICATION everything FOR ALL TABLES WITH (publish = 'insert, update');
CREATE PUBLICATION several FOR TABLE app.people (id, note, email) WHERE (id > 5), app.orders;
CREATE PUBLICATION by_schema FOR TABLES IN SCHEMA "Odd Schema.x";
CREATE FUNCTION app.on_ddl() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
CREATE EVENT TRIGGER watch ON ddl_command_end WHEN TAG IN ('CREATE TABLE', 'DROP TABLE') EXECUTE FUNCTION app.on_ddl();
ALTER EVENT TRIGGER watch DISABLE;
COMMENT ON EVENT TRIGGER watch IS 'watch';
ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT SELECT ON TABLES TO dump_reader;
ALTER DEFAULT PRIVILEGES FOR ROLE dump_writer REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE dump_writer IN SCHEMA app GRANT ALL ON SEQUENCES TO "Odd ""Role""";
REVOKE ALL ON SCHEMA public FROM PUBLIC;
CREATE TRANSFORM FOR integer LANGUAGE sql (FROM SQL WITH FUNCTION prsd_lextype(internal));
CREATE FUNCTION app.large() RETURNS integer LANGUAGE plpgsql AS $$ BEGIN
-- very long
RETURN 1; END $$;
CREATE FUNCTION app.crlf() RETURNS integer LANGUAGE sql AS E'SELECT 1;\r\nSELECT 2;\r\n';

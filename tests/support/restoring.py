"""How a PostgreSQL database becomes what it was when it was prepared: SQL that remembers its rows,
and SQL that puts them back, or says that this database can't come again."""

from __future__ import annotations

from typing import Final

__all__ = ["REMEMBER", "RESTORE"]

# Run once in a database that others are copied from.
REMEMBER: Final = """
CREATE SCHEMA kept;
CREATE TABLE kept.altered (command text);
CREATE TABLE kept.sequences AS SELECT schemaname, sequencename, last_value, start_value
  FROM pg_sequences;
CREATE FUNCTION kept.copies() RETURNS void LANGUAGE plpgsql AS $$
DECLARE name text; filled boolean;
BEGIN
  FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
    EXECUTE format('SELECT EXISTS (SELECT FROM public.%I)', name) INTO filled;
    IF filled THEN
      EXECUTE format('CREATE TABLE kept.%I AS TABLE public.%I', 'rows of ' || name, name);
    END IF;
  END LOOP;
END $$;
SELECT kept.copies();

-- False where more than rows may have changed, or so many rows that a new copy is cheaper.
CREATE FUNCTION kept.restored() RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE name text;
BEGIN
  PERFORM pg_terminate_backend(pid, 5000) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid();
  IF EXISTS (SELECT FROM kept.altered) OR EXISTS (
    SELECT FROM pg_db_role_setting AS setting JOIN pg_database AS here ON here.oid = setdatabase
      WHERE datname = current_database()
  ) OR (SELECT sum(pg_relation_size(oid)) FROM pg_class
      WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace) > 1048576
  THEN
    RETURN false;
  END IF;
  SET LOCAL session_replication_role = replica; -- in any order: what refers to what is not asked
  FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
    EXECUTE format('DELETE FROM public.%I', name);
    IF to_regclass(format('kept.%I', 'rows of ' || name)) IS NOT NULL THEN
      EXECUTE format(
        'INSERT INTO public.%I OVERRIDING SYSTEM VALUE TABLE kept.%I', name, 'rows of ' || name
      );
    END IF;
  END LOOP;
  PERFORM setval(format('%I.%I', schemaname, sequencename)::regclass,
    coalesce(last_value, start_value), last_value IS NOT NULL) FROM kept.sequences;
  RETURN true;
END $$;

-- Last: from here on, whatever alters a table is noticed.
CREATE FUNCTION kept.note() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO kept.altered VALUES (tg_tag);
END $$;
CREATE EVENT TRIGGER kept_notes ON ddl_command_end EXECUTE FUNCTION kept.note();
"""

# Answers whether the database is again what it was. Whoever is still connected is cut off.
RESTORE: Final = "SELECT kept.restored()"

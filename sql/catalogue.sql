-- What stands in this database and in its roles, one row for each thing: its kind, its name, and what is said of it.
-- What Postgres itself brings is left out, as far as nobody changed its rights. `countersign doctor` compares the rows
-- with those of catalogue.txt, which a test makes from a database that was just migrated (CONTRIBUTING.md says how).
--
-- It reads nothing but the catalogue, and gives the same rows on every release from 15 on: what only some of them know,
-- such as NOT NULL as a constraint of its own, is left out. search_path must be pg_catalog alone, so that all names in
-- what is said are whole.
WITH own_schemas AS (
    SELECT oid, nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
), of_extensions AS (
    SELECT classid, objid FROM pg_depend WHERE deptype = 'e'
), relations AS (
    SELECT c.*, format('%I.%I', s.nspname, c.relname) AS name, pg_get_userbyid(c.relowner) AS owner
    FROM pg_class c JOIN own_schemas s ON s.oid = c.relnamespace
    WHERE c.relkind <> 't' AND (('pg_class'::regclass, c.oid) NOT IN (SELECT classid, objid FROM of_extensions))
), functions AS (
    SELECT p.*, format('%I.%I(%s)', s.nspname, p.proname, pg_get_function_identity_arguments(p.oid)) AS name
    FROM pg_proc p JOIN own_schemas s ON s.oid = p.pronamespace
    WHERE ('pg_proc'::regclass, p.oid) NOT IN (SELECT classid, objid FROM of_extensions)
), own_roles AS (
    SELECT * FROM pg_roles WHERE rolname ~ '^countersign_'
), states (enabled, word) AS (
    VALUES ('O'::"char", 'on'), ('D', 'off'), ('R', 'on for replicas only'), ('A', 'always on')
), acls (kind, name, owner, acl) AS (
    -- What may be granted, with the rights that nobody has changed written out.
    SELECT CASE relkind WHEN 'S' THEN 'sequence' ELSE 'table' END, name, relowner,
        coalesce(relacl, acldefault((CASE relkind WHEN 'S' THEN 's' ELSE 'r' END)::"char", relowner))
    FROM relations WHERE relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
    UNION ALL
    SELECT 'column', format('%s.%I', r.name, a.attname), r.relowner, a.attacl
    FROM pg_attribute a JOIN relations r ON r.oid = a.attrelid WHERE a.attacl IS NOT NULL AND NOT a.attisdropped
    UNION ALL
    SELECT 'function', name, proowner, coalesce(proacl, acldefault('f', proowner)) FROM functions
    UNION ALL
    SELECT 'schema', quote_ident(n.nspname), n.nspowner, coalesce(n.nspacl, acldefault('n', n.nspowner))
    FROM pg_namespace n JOIN own_schemas s ON s.oid = n.oid
    UNION ALL
    SELECT 'database', 'this one', datdba, coalesce(datacl, acldefault('d', datdba)) FROM pg_database
    WHERE datname = current_database()
    UNION ALL
    SELECT 'type', format('%I.%I', s.nspname, t.typname), t.typowner, coalesce(t.typacl, acldefault('T', t.typowner))
    FROM pg_type t JOIN own_schemas s ON s.oid = t.typnamespace WHERE t.typtype IN ('e', 'd')
    UNION ALL
    SELECT 'large object', m.oid::text, m.lomowner, m.lomacl FROM pg_largeobject_metadata m
    UNION ALL
    SELECT 'foreign server', quote_ident(srvname), srvowner, srvacl FROM pg_foreign_server
    UNION ALL
    SELECT 'foreign data wrapper', quote_ident(fdwname), fdwowner, fdwacl FROM pg_foreign_data_wrapper
    UNION ALL
    SELECT format('every later object of kind %s in', defaclobjtype),
        CASE defaclnamespace WHEN 0 THEN 'any schema' ELSE defaclnamespace::regnamespace::text END,
        defaclrole, defaclacl
    FROM pg_default_acl
    UNION ALL
    SELECT 'setting', parname, 0, paracl FROM pg_parameter_acl
), system_acls (kind, name, forms, acl, first) AS (
    -- What Postgres brings, as it is and as it came. Functions go by their names, for their arguments are not the same
    -- in every release: so many forms each has.
    SELECT 'function', p.proname, count(*) OVER (PARTITION BY p.proname),
        coalesce(p.proacl, acldefault('f', p.proowner)), coalesce(i.initprivs, acldefault('f', p.proowner))
    FROM pg_proc p
    LEFT JOIN pg_init_privs i ON i.objoid = p.oid AND i.classoid = 'pg_proc'::regclass AND i.objsubid = 0
    WHERE p.pronamespace NOT IN (SELECT oid FROM own_schemas)
    UNION ALL
    SELECT 'table', c.oid::regclass::text, 1, coalesce(c.relacl, acldefault('r', c.relowner)),
        coalesce(i.initprivs, acldefault('r', c.relowner))
    FROM pg_class c
    LEFT JOIN pg_init_privs i ON i.objoid = c.oid AND i.classoid = 'pg_class'::regclass AND i.objsubid = 0
    WHERE c.relnamespace NOT IN (SELECT oid FROM own_schemas) AND (c.relacl IS NOT NULL OR i.initprivs IS NOT NULL)
    UNION ALL
    SELECT 'column', format('%s.%I', a.attrelid::regclass, a.attname), 1, a.attacl, i.initprivs
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    LEFT JOIN pg_init_privs i ON i.objoid = c.oid AND i.classoid = 'pg_class'::regclass AND i.objsubid = a.attnum
    WHERE c.relnamespace NOT IN (SELECT oid FROM own_schemas) AND (a.attacl IS NOT NULL OR i.initprivs IS NOT NULL)
    UNION ALL
    SELECT 'schema', n.oid::regnamespace::text, 1, coalesce(n.nspacl, acldefault('n', n.nspowner)),
        coalesce(i.initprivs, acldefault('n', n.nspowner))
    FROM pg_namespace n
    LEFT JOIN pg_init_privs i ON i.objoid = n.oid AND i.classoid = 'pg_namespace'::regclass
    WHERE n.nspname IN ('pg_catalog', 'information_schema')
    UNION ALL
    SELECT 'language', l.lanname, 1, coalesce(l.lanacl, acldefault('l', l.lanowner)),
        coalesce(i.initprivs, acldefault('l', l.lanowner))
    FROM pg_language l
    LEFT JOIN pg_init_privs i ON i.objoid = l.oid AND i.classoid = 'pg_language'::regclass
)
-- Schemas, tables and what belongs to them.
SELECT 'schema' AS kind, quote_ident(n.nspname) AS name, 'owner ' || pg_get_userbyid(n.nspowner) AS said
FROM pg_namespace n JOIN own_schemas s ON s.oid = n.oid
UNION ALL
SELECT CASE relkind WHEN 'p' THEN 'table' WHEN 'r' THEN 'table' WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view'
        WHEN 'S' THEN 'sequence' WHEN 'f' THEN 'foreign table' ELSE 'type' END,
    name, concat_ws(', ', 'owner ' || owner, CASE relpersistence WHEN 'p' THEN NULL ELSE 'not permanent' END,
        CASE WHEN relkind = 'p' THEN 'partitioned by ' || pg_get_partkeydef(oid) END,
        (SELECT format('a part of %s %s', inhparent::regclass, pg_get_expr(relpartbound, relations.oid))
        FROM pg_inherits WHERE inhrelid = relations.oid),
        CASE WHEN relrowsecurity THEN 'row security' END, CASE WHEN relforcerowsecurity THEN 'forced' END,
        CASE WHEN relreplident <> 'd' AND relkind IN ('r', 'p') THEN 'replica identity ' || relreplident::text END,
        'options ' || array_to_string(reloptions, ' '),
        CASE WHEN reltablespace <> 0 THEN 'another tablespace' END,
        CASE WHEN relkind IN ('v', 'm') THEN 'defined as ' || encode(
            sha256(convert_to(regexp_replace(pg_get_viewdef(oid), '\s+', ' ', 'g'), 'UTF8')), 'hex') END)
FROM relations WHERE relkind NOT IN ('i', 'I')
UNION ALL
SELECT 'column', format('%s.%I', r.name, a.attname), concat_ws(' ', format_type(a.atttypid, a.atttypmod),
    CASE WHEN a.attcollation NOT IN (0, t.typcollation) THEN 'collate ' || a.attcollation::regcollation::text END,
    CASE WHEN a.attnotnull THEN 'not null' END,
    CASE WHEN a.attgenerated <> '' THEN 'generated' WHEN d.adbin IS NOT NULL THEN 'default' END
        || ' ' || pg_get_expr(d.adbin, d.adrelid),
    CASE WHEN a.attidentity <> '' THEN 'identity' END,
    CASE WHEN r.relkind IN ('r', 'p') AND a.attstorage <> t.typstorage THEN 'storage ' || a.attstorage::text END,
    CASE WHEN a.attcompression <> '' THEN 'compression ' || a.attcompression::text END,
    'options ' || array_to_string(a.attoptions, ' '))
FROM pg_attribute a
JOIN relations r ON r.oid = a.attrelid
JOIN pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE r.relkind NOT IN ('i', 'I', 'S') AND a.attnum > 0 AND NOT a.attisdropped
UNION ALL
SELECT 'constraint', format('%I on %s', c.conname, coalesce(r.name, c.contypid::regtype::text)),
    pg_get_constraintdef(c.oid)
FROM pg_constraint c LEFT JOIN relations r ON r.oid = c.conrelid
WHERE c.contype <> 'n' AND (r.oid IS NOT NULL OR c.contypid <> 0 AND c.connamespace IN (SELECT oid FROM own_schemas))
UNION ALL
SELECT 'index', r.name, concat_ws(', ', pg_get_indexdef(i.indexrelid), CASE WHEN NOT i.indisvalid THEN 'not valid' END,
    CASE WHEN NOT i.indisready OR NOT i.indislive THEN 'not in use' END,
    CASE WHEN i.indisreplident THEN 'replica identity' END)
FROM pg_index i JOIN relations r ON r.oid = i.indexrelid
UNION ALL
SELECT 'statistics', format('%I on %s', s.stxname, r.name), pg_get_statisticsobjdef(s.oid)
FROM pg_statistic_ext s JOIN relations r ON r.oid = s.stxrelid
UNION ALL
-- What runs by itself.
SELECT 'trigger', format('%I on %s', t.tgname, r.name), format('%s, %s', s.word, pg_get_triggerdef(t.oid))
FROM pg_trigger t JOIN relations r ON r.oid = t.tgrelid JOIN states s ON s.enabled = t.tgenabled
WHERE NOT t.tgisinternal
UNION ALL
SELECT 'trigger', format('of the constraint %I on %s', c.conname, r.name), s.word
FROM pg_trigger t
JOIN relations r ON r.oid = t.tgrelid
JOIN states s ON s.enabled = t.tgenabled
LEFT JOIN pg_constraint c ON c.oid = t.tgconstraint
WHERE t.tgisinternal AND t.tgenabled <> 'O' AND t.tgparentid = 0
GROUP BY 2, 3
UNION ALL
SELECT 'rule', format('%I on %s', w.rulename, r.name), concat_ws(', ', s.word,
    CASE WHEN w.rulename <> '_RETURN' THEN regexp_replace(pg_get_ruledef(w.oid), '\s+', ' ', 'g') END)
FROM pg_rewrite w JOIN relations r ON r.oid = w.ev_class JOIN states s ON s.enabled = w.ev_enabled
WHERE w.rulename <> '_RETURN' OR w.ev_enabled <> 'O'
UNION ALL
SELECT 'policy', format('%I on %s', p.polname, r.name), concat_ws(', ', CASE WHEN p.polpermissive THEN 'permissive' END,
    'for ' || p.polcmd::text, 'to ' || (
        SELECT string_agg(CASE role WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(role) END, ' ' ORDER BY role)
        FROM unnest(p.polroles) role),
    'using ' || pg_get_expr(p.polqual, p.polrelid), 'with check ' || pg_get_expr(p.polwithcheck, p.polrelid))
FROM pg_policy p JOIN relations r ON r.oid = p.polrelid
UNION ALL
SELECT 'event trigger', quote_ident(e.evtname), format('%s, on %s, %s', s.word, e.evtevent, e.evtfoid::regprocedure)
FROM pg_event_trigger e JOIN states s ON s.enabled = e.evtenabled
UNION ALL
SELECT CASE f.prokind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' ELSE 'function' END, f.name,
    concat_ws(', ', 'owner ' || pg_get_userbyid(f.proowner), 'gives ' || pg_get_function_result(f.oid),
        'takes ' || nullif(pg_get_function_arguments(f.oid), ''), 'in ' || l.lanname,
        CASE f.provolatile WHEN 'i' THEN 'immutable' WHEN 's' THEN 'stable' END,
        CASE WHEN f.prosecdef THEN 'with the rights of its owner' END, CASE WHEN f.proisstrict THEN 'strict' END,
        CASE WHEN f.proleakproof THEN 'leakproof' END,
        CASE WHEN f.proparallel <> 'u' THEN 'parallel ' || f.proparallel::text END,
        CASE WHEN f.prosupport <> 0 THEN 'support ' || f.prosupport::text END,
        'settings ' || array_to_string(f.proconfig, ' '),
        'body ' || encode(sha256(convert_to(concat(f.prosrc, pg_get_function_sqlbody(f.oid)), 'UTF8')), 'hex'))
FROM functions f JOIN pg_language l ON l.oid = f.prolang
UNION ALL
-- Rights. What the owner of a thing may do goes without saying.
SELECT 'right', format('%s of %s on %s %s', e.privilege_type, coalesce(g.rolname, 'PUBLIC'), a.kind, a.name),
    CASE WHEN bool_or(e.is_grantable) THEN 'and may grant it' ELSE '' END
FROM acls a CROSS JOIN LATERAL aclexplode(a.acl) e LEFT JOIN pg_roles g ON g.oid = e.grantee
WHERE e.grantee <> a.owner
GROUP BY 2
UNION ALL
SELECT 'right', format('%s of %s on %s %s', e.privilege_type, coalesce(g.rolname, 'PUBLIC'), a.kind, a.name),
    'which Postgres does not give'
FROM system_acls a
CROSS JOIN LATERAL (
    SELECT grantee, privilege_type FROM aclexplode(a.acl) EXCEPT SELECT grantee, privilege_type FROM aclexplode(a.first)
) e
LEFT JOIN pg_roles g ON g.oid = e.grantee
-- Postgres gives everybody these, and does not note that it did.
WHERE NOT (a.name ~ '^information_schema(\.|$)' AND e.grantee = 0 AND e.privilege_type IN ('SELECT', 'USAGE'))
GROUP BY 2
UNION ALL
SELECT 'right taken away', format('%s of %s on %s %s', e.privilege_type, coalesce(g.rolname, 'PUBLIC'), a.kind, a.name),
    CASE WHEN count(*) < max(a.forms) THEN 'of some forms' ELSE '' END
FROM system_acls a
CROSS JOIN LATERAL (
    SELECT grantee, privilege_type FROM aclexplode(a.first) EXCEPT SELECT grantee, privilege_type FROM aclexplode(a.acl)
) e
LEFT JOIN pg_roles g ON g.oid = e.grantee
GROUP BY 2
UNION ALL
-- Roles. Whoever is connected must be able to become one of them, and readers are members of one.
SELECT 'role', quote_ident(rolname), concat_ws(', ', CASE WHEN rolsuper THEN 'superuser' END,
    CASE WHEN rolcanlogin THEN 'login' END, CASE WHEN NOT rolinherit THEN 'no inherit' END,
    CASE WHEN rolcreaterole THEN 'makes roles' END, CASE WHEN rolcreatedb THEN 'makes databases' END,
    CASE WHEN rolreplication THEN 'replication' END, CASE WHEN rolbypassrls THEN 'bypasses row security' END,
    CASE WHEN rolconnlimit <> -1 THEN 'connections ' || rolconnlimit END)
FROM own_roles
UNION ALL
SELECT 'membership', format('of %s in %s', quote_ident(b.rolname), quote_ident(g.rolname)),
    CASE WHEN bool_or(m.admin_option) THEN 'and may grant it' ELSE '' END
FROM pg_auth_members m
JOIN pg_roles b ON b.oid = m.member
JOIN pg_roles g ON g.oid = m.roleid
WHERE (b.oid IN (SELECT oid FROM own_roles) OR g.oid IN (SELECT oid FROM own_roles))
    AND NOT (g.rolname = 'countersign_reader' AND b.oid NOT IN (SELECT oid FROM own_roles))
    AND NOT (b.rolname = session_user AND g.oid IN (SELECT oid FROM own_roles))
GROUP BY 2
UNION ALL
SELECT 'setting', format('%s of %s%s', split_part(set, '=', 1), coalesce(quote_ident(r.rolname), 'every role'),
    CASE WHEN s.setdatabase <> 0 THEN ' in this database' END), substr(set, strpos(set, '=') + 1)
FROM pg_db_role_setting s CROSS JOIN LATERAL unnest(s.setconfig) set LEFT JOIN pg_roles r ON r.oid = s.setrole
WHERE s.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
    AND (s.setrole IN (SELECT oid FROM own_roles) OR s.setrole = 0)
    -- What a private cluster sets by itself, so that its log keeps no values of statements.
    AND NOT (s.setrole = 0 AND set = 'log_min_messages=log')
UNION ALL
-- All else that somebody has made. 16384 is the first number that Postgres does not give to what it brings.
SELECT 'extension', quote_ident(extname), '' FROM pg_extension WHERE extname <> 'plpgsql'
UNION ALL
SELECT o.type, o.identity, ''
FROM (
    SELECT 'pg_type'::regclass AS class, t.oid FROM pg_type t
    WHERE t.typtype IN ('e', 'd', 'r', 'm') OR t.typtype = 'b' AND t.typelem = 0
    UNION ALL SELECT 'pg_operator'::regclass, oid FROM pg_operator
    UNION ALL SELECT 'pg_opclass'::regclass, oid FROM pg_opclass
    UNION ALL SELECT 'pg_collation'::regclass, oid FROM pg_collation
    UNION ALL SELECT 'pg_conversion'::regclass, oid FROM pg_conversion
    UNION ALL SELECT 'pg_cast'::regclass, oid FROM pg_cast
    UNION ALL SELECT 'pg_language'::regclass, oid FROM pg_language
    UNION ALL SELECT 'pg_am'::regclass, oid FROM pg_am
    UNION ALL SELECT 'pg_foreign_data_wrapper'::regclass, oid FROM pg_foreign_data_wrapper
    UNION ALL SELECT 'pg_foreign_server'::regclass, oid FROM pg_foreign_server
    UNION ALL SELECT 'pg_publication'::regclass, oid FROM pg_publication
    UNION ALL SELECT 'pg_subscription'::regclass, oid FROM pg_subscription
    UNION ALL SELECT 'pg_ts_config'::regclass, oid FROM pg_ts_config
    UNION ALL SELECT 'pg_ts_dict'::regclass, oid FROM pg_ts_dict
    UNION ALL SELECT 'pg_transform'::regclass, oid FROM pg_transform
    UNION ALL SELECT 'pg_largeobject'::regclass, oid FROM pg_largeobject_metadata
) made
CROSS JOIN LATERAL pg_identify_object(made.class, made.oid, 0) o
WHERE made.oid >= 16384 AND (made.class, made.oid) NOT IN (SELECT classid, objid FROM of_extensions)
ORDER BY 1, 2, 3

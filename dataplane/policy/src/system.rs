//! The server's own relations and functions: which are innocent, and which are ways out.

use lazaret_sql::{FunctionUse, Invocation, RelationUse};

use crate::code::is_system;

/// Whether an unqualified name that no user's relation has stands for one of pg_catalog.
pub(crate) fn is_relation(schema: Option<&str>, name: &str) -> bool {
    match schema {
        Some(_) => is_system(schema),
        None => RELATIONS.binary_search(&name).is_ok() || is_progress_view(name),
    }
}

/// Relations that show other sessions' statements, samples of users' data, or secrets. Extensions
/// put some of them into any schema.
pub(crate) fn is_private(schema: Option<&str>, name: &str) -> bool {
    PRIVATE_RELATIONS.contains(&name)
        || (schema == Some("information_schema") && name == "user_mapping_options")
}

/// An UPDATE of this view is a `set_config`.
pub(crate) fn is_settings(relation: &RelationUse) -> bool {
    relation.name == "pg_settings"
}

/// What a function may do that no mask covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WayOut {
    /// Runs a text as SQL, reads files, reads other sessions or raw pages, writes large objects ...
    Always,
    /// Passes its arguments to where other sessions read them: refused if they come from data.
    ByArguments,
}

pub(crate) fn way_out(function: &FunctionUse) -> Option<WayOut> {
    matches!(function.by, Invocation::Call(_)).then(|| way_out_by_name(&function.name))?
}

/// The same for an attribute: `(x).f` calls `f(x)` where x has no column of that name.
pub(crate) fn way_out_by_name(name: &str) -> Option<WayOut> {
    if REFUSED_FUNCTIONS.contains(&name) || REFUSED_PREFIXES.iter().any(|p| name.starts_with(p)) {
        Some(WayOut::Always)
    } else if CHANNELS.contains(&name) || name.contains("_advisory_") {
        Some(WayOut::ByArguments)
    } else {
        None
    }
}

const PRIVATE_RELATIONS: &[&str] = &[
    "pg_authid",
    "pg_buffercache",
    "pg_cursors",
    "pg_file_settings",
    "pg_hba_file_rules",
    "pg_ident_file_mappings",
    "pg_largeobject",
    "pg_prepared_statements",
    "pg_shadow",
    "pg_stat_activity",
    "pg_stat_monitor",
    "pg_stat_statements",
    "pg_statistic",
    "pg_statistic_ext_data",
    "pg_stats",
    "pg_stats_ext",
    "pg_stats_ext_exprs",
    "pg_store_plans",
    "pg_subscription",
    "pg_user_mapping",
    "pg_user_mappings",
];

const REFUSED_FUNCTIONS: &[&str] = &[
    // They run a text as SQL, or read what a name in a text says.
    "crosstab",
    "crosstab2",
    "crosstab3",
    "crosstab4",
    "crosstabn",
    "connectby",
    "cursor_to_xml",
    "cursor_to_xmlschema",
    "database_to_xml",
    "database_to_xml_and_xmlschema",
    "database_to_xmlschema",
    "query_to_xml",
    "query_to_xml_and_xmlschema",
    "query_to_xmlschema",
    "schema_to_xml",
    "schema_to_xml_and_xmlschema",
    "schema_to_xmlschema",
    "table_to_xml",
    "table_to_xml_and_xmlschema",
    "table_to_xmlschema",
    "ts_rewrite",
    "ts_stat",
    "xpath_table",
    // Other sessions, statistics, secrets.
    "pg_cursor",
    "pg_get_backend_memory_contexts",
    "pg_hba_file_rules",
    "pg_ident_file_mappings",
    "pg_mcv_list_items",
    "pg_prepared_statement",
    "pg_show_all_file_settings",
    "pg_stat_get_activity",
    "pg_stat_get_backend_activity",
    "pg_stat_get_backend_client_addr",
    "pg_stat_statements",
    "pg_clear_attribute_stats",
    "pg_clear_relation_stats",
    "pg_restore_attribute_stats",
    "pg_restore_relation_stats",
    // Large objects.
    "loread",
    "lowrite",
    // Pages, files, the write-ahead log and the server itself.
    "brin_page_items",
    "bt_page_items",
    "fsm_page_contents",
    "get_raw_page",
    "gin_leafpage_items",
    "gist_page_items",
    "gist_page_items_bytea",
    "hash_page_items",
    "heap_page_item_attrs",
    "heap_page_items",
    "pg_cancel_backend",
    "pg_create_logical_replication_slot",
    "pg_create_physical_replication_slot",
    "pg_create_restore_point",
    "pg_current_logfile",
    "pg_drop_replication_slot",
    "pg_get_wal_record_info",
    "pg_get_wal_records_info",
    "pg_get_wal_block_info",
    "pg_hash_page_items",
    "pg_log_backend_memory_contexts",
    "pg_promote",
    "pg_reload_conf",
    "pg_rotate_logfile",
    "pg_stat_file",
    "pg_switch_wal",
    "pg_terminate_backend",
    "tuple_data_split",
];

const REFUSED_PREFIXES: &[&str] = &[
    "binary_upgrade_",
    "dblink",
    "lo_",
    "pg_backup_",
    "pg_copy_logical_",
    "pg_copy_physical_",
    "pg_file_",
    "pg_logical_",
    "pg_ls_",
    "pg_read_",
    "pg_replication_origin_",
    "pg_start_backup",
    "pg_stop_backup",
    "pg_sync_replication_",
    "pg_wal_replay_",
];

const CHANNELS: &[&str] = &["nextval", "pg_notify", "set_config", "setseed", "setval"];

fn is_progress_view(name: &str) -> bool {
    name.starts_with("pg_stat_progress_") || name.starts_with("pg_statio_")
}

/// The relations of pg_catalog in PostgreSQL 12 to 18.
const RELATIONS: &[&str] = &[
    "pg_aggregate",
    "pg_aios",
    "pg_am",
    "pg_amop",
    "pg_amproc",
    "pg_attrdef",
    "pg_attribute",
    "pg_auth_members",
    "pg_authid",
    "pg_available_extension_versions",
    "pg_available_extensions",
    "pg_backend_memory_contexts",
    "pg_cast",
    "pg_class",
    "pg_collation",
    "pg_config",
    "pg_constraint",
    "pg_conversion",
    "pg_cursors",
    "pg_database",
    "pg_db_role_setting",
    "pg_default_acl",
    "pg_depend",
    "pg_description",
    "pg_enum",
    "pg_event_trigger",
    "pg_extension",
    "pg_file_settings",
    "pg_foreign_data_wrapper",
    "pg_foreign_server",
    "pg_foreign_table",
    "pg_group",
    "pg_hba_file_rules",
    "pg_ident_file_mappings",
    "pg_index",
    "pg_indexes",
    "pg_inherits",
    "pg_init_privs",
    "pg_language",
    "pg_largeobject",
    "pg_largeobject_metadata",
    "pg_locks",
    "pg_matviews",
    "pg_namespace",
    "pg_opclass",
    "pg_operator",
    "pg_opfamily",
    "pg_parameter_acl",
    "pg_partitioned_table",
    "pg_pltemplate",
    "pg_policies",
    "pg_policy",
    "pg_prepared_statements",
    "pg_prepared_xacts",
    "pg_proc",
    "pg_publication",
    "pg_publication_namespace",
    "pg_publication_rel",
    "pg_publication_tables",
    "pg_range",
    "pg_replication_origin",
    "pg_replication_origin_status",
    "pg_replication_slots",
    "pg_rewrite",
    "pg_roles",
    "pg_rules",
    "pg_seclabel",
    "pg_seclabels",
    "pg_sequence",
    "pg_sequences",
    "pg_settings",
    "pg_shadow",
    "pg_shdepend",
    "pg_shdescription",
    "pg_shmem_allocations",
    "pg_shmem_allocations_numa",
    "pg_shseclabel",
    "pg_stat_activity",
    "pg_stat_all_indexes",
    "pg_stat_all_tables",
    "pg_stat_archiver",
    "pg_stat_bgwriter",
    "pg_stat_checkpointer",
    "pg_stat_database",
    "pg_stat_database_conflicts",
    "pg_stat_gssapi",
    "pg_stat_io",
    "pg_stat_recovery_prefetch",
    "pg_stat_replication",
    "pg_stat_replication_slots",
    "pg_stat_slru",
    "pg_stat_ssl",
    "pg_stat_subscription",
    "pg_stat_subscription_stats",
    "pg_stat_sys_indexes",
    "pg_stat_sys_tables",
    "pg_stat_user_functions",
    "pg_stat_user_indexes",
    "pg_stat_user_tables",
    "pg_stat_wal",
    "pg_stat_wal_receiver",
    "pg_stat_xact_all_tables",
    "pg_stat_xact_sys_tables",
    "pg_stat_xact_user_functions",
    "pg_stat_xact_user_tables",
    "pg_statistic",
    "pg_statistic_ext",
    "pg_statistic_ext_data",
    "pg_stats",
    "pg_stats_ext",
    "pg_stats_ext_exprs",
    "pg_subscription",
    "pg_subscription_rel",
    "pg_tables",
    "pg_tablespace",
    "pg_timezone_abbrevs",
    "pg_timezone_names",
    "pg_transform",
    "pg_trigger",
    "pg_ts_config",
    "pg_ts_config_map",
    "pg_ts_dict",
    "pg_ts_parser",
    "pg_ts_template",
    "pg_type",
    "pg_user",
    "pg_user_mapping",
    "pg_user_mappings",
    "pg_views",
    "pg_wait_events",
];

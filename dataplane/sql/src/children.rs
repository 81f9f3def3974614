//! One level of a parse tree: which nodes hang below a node.
//!
//! The match names every node of the grammar and has no wildcard, so that a newer grammar can't
//! bring a node that the walk passes by. What is left out on purpose says so. The tree is never
//! walked by recursion: a text of a megabyte can nest half a million operators.

use pg_raw_parse::list::NodeList;
use pg_raw_parse::nodes::{GrantStmt, TypeName};
use pg_raw_parse::{Node, raw};

/// Calls `visit` for each child; the order is that of the grammar's fields.
#[allow(clippy::too_many_lines, reason = "one arm for each node of the grammar")]
pub(crate) fn children<'a>(node: Node<'a>, visit: &mut impl FnMut(Node<'a>)) {
    macro_rules! lists {
        ($($list:expr),*) => {{ $(for child in $list { visit(child); })* }};
    }
    macro_rules! nodes {
        ($($child:expr),*) => {{ $(visit($child);)* }};
    }
    macro_rules! options {
        ($($variant:ident $child:expr),*) => {{
            $(if let Some(child) = $child { visit(Node::$variant(child)); })*
        }};
    }
    macro_rules! casts {
        ($($variant:ident $list:expr),*) => {{
            $(for child in $list { visit(Node::$variant(child)); })*
        }};
    }
    match node {
        Node::NodeList(list) => lists!(list),

        // Expressions.
        Node::A_Expr(n) => nodes!(n.lexpr(), n.rexpr()),
        Node::A_Indirection(n) => {
            nodes!(n.arg());
            lists!(n.indirection());
        }
        Node::A_Indices(n) => nodes!(n.lidx(), n.uidx()),
        Node::A_ArrayExpr(n) => lists!(n.elements()),
        Node::BoolExpr(n) => lists!(n.args()),
        Node::BooleanTest(n) => nodes!(n.arg()),
        Node::CaseExpr(n) => {
            nodes!(n.arg(), n.defresult());
            lists!(n.args());
        }
        Node::CaseWhen(n) => nodes!(n.expr(), n.result()),
        Node::CoalesceExpr(n) => lists!(n.args()),
        Node::CollateClause(n) => nodes!(n.arg()),
        Node::FuncCall(n) => {
            lists!(n.args());
            casts!(SortBy n.agg_order());
            nodes!(n.agg_filter());
            options!(WindowDef n.over());
        }
        Node::GroupingFunc(n) => lists!(n.args()),
        Node::GroupingSet(n) => lists!(n.content()),
        Node::MinMaxExpr(n) => lists!(n.args()),
        Node::MultiAssignRef(n) => nodes!(n.source()),
        Node::NamedArgExpr(n) => nodes!(n.arg()),
        Node::NullTest(n) => nodes!(n.arg()),
        Node::ResTarget(n) => {
            lists!(n.indirection());
            nodes!(n.val());
        }
        Node::RowExpr(n) => lists!(n.args()),
        Node::SortBy(n) => nodes!(n.node()),
        Node::SubLink(n) => nodes!(n.testexpr(), n.subselect()),
        Node::TypeCast(n) => {
            nodes!(n.arg());
            options!(TypeName n.type_name());
        }
        Node::TypeName(n) => type_modifiers(n, visit),
        Node::WindowDef(n) => {
            lists!(n.partition_clause());
            casts!(SortBy n.order_clause());
            nodes!(n.start_offset(), n.end_offset());
        }
        Node::XmlExpr(n) => lists!(n.named_args(), n.args()),
        Node::XmlSerialize(n) => {
            nodes!(n.expr());
            options!(TypeName n.type_name());
        }

        // SQL/JSON.
        Node::JsonValueExpr(n) => nodes!(n.raw_expr(), n.formatted_expr()),
        Node::JsonOutput(n) => options!(TypeName n.type_name()),
        Node::JsonArgument(n) => options!(JsonValueExpr n.val()),
        Node::JsonBehavior(n) => nodes!(n.expr()),
        Node::JsonFuncExpr(n) => {
            options!(JsonValueExpr n.context_item(), JsonOutput n.output());
            nodes!(n.pathspec());
            lists!(n.passing());
            options!(JsonBehavior n.on_empty(), JsonBehavior n.on_error());
        }
        Node::JsonTablePathSpec(n) => nodes!(n.string()),
        Node::JsonTable(n) => {
            options!(JsonValueExpr n.context_item(), JsonTablePathSpec n.pathspec());
            lists!(n.passing());
            casts!(JsonTableColumn n.columns());
            options!(JsonBehavior n.on_error());
        }
        Node::JsonTableColumn(n) => {
            options!(TypeName n.type_name(), JsonTablePathSpec n.pathspec());
            lists!(n.columns());
            options!(JsonBehavior n.on_empty(), JsonBehavior n.on_error());
        }
        Node::JsonKeyValue(n) => {
            nodes!(n.key());
            options!(JsonValueExpr n.value());
        }
        Node::JsonParseExpr(n) => options!(JsonValueExpr n.expr(), JsonOutput n.output()),
        Node::JsonScalarExpr(n) => {
            nodes!(n.expr());
            options!(JsonOutput n.output());
        }
        Node::JsonSerializeExpr(n) => options!(JsonValueExpr n.expr(), JsonOutput n.output()),
        Node::JsonObjectConstructor(n) => {
            casts!(JsonKeyValue n.exprs());
            options!(JsonOutput n.output());
        }
        Node::JsonArrayConstructor(n) => {
            casts!(JsonValueExpr n.exprs());
            options!(JsonOutput n.output());
        }
        Node::JsonArrayQueryConstructor(n) => {
            nodes!(n.query());
            options!(JsonOutput n.output());
        }
        Node::JsonAggConstructor(n) => {
            options!(JsonOutput n.output(), WindowDef n.over());
            nodes!(n.agg_filter());
            lists!(n.agg_order());
        }
        Node::JsonObjectAgg(n) => {
            options!(JsonAggConstructor n.constructor(), JsonKeyValue n.arg());
        }
        Node::JsonArrayAgg(n) => {
            options!(JsonAggConstructor n.constructor(), JsonValueExpr n.arg());
        }
        Node::JsonIsPredicate(n) => nodes!(n.expr()),

        // FROM. A locking clause names items of FROM, which are visited there.
        Node::JoinExpr(n) => nodes!(n.larg(), n.rarg(), n.quals()),
        Node::RangeSubselect(n) => nodes!(n.subquery()),
        Node::RangeFunction(n) => {
            lists!(n.functions());
            casts!(ColumnDef n.coldeflist());
        }
        Node::RangeTableFunc(n) => {
            nodes!(n.docexpr(), n.rowexpr());
            lists!(n.namespaces());
            casts!(RangeTableFuncCol n.columns());
        }
        Node::RangeTableFuncCol(n) => {
            options!(TypeName n.type_name());
            nodes!(n.colexpr(), n.coldefexpr());
        }
        Node::RangeTableSample(n) => {
            nodes!(n.relation(), n.repeatable());
            lists!(n.args());
        }

        // Queries and writes.
        Node::SelectStmt(n) => {
            lists!(n.distinct_clause());
            options!(IntoClause n.into_clause());
            casts!(ResTarget n.target_list());
            lists!(n.from_clause(), n.group_clause(), n.window_clause(), n.values_lists());
            nodes!(n.where_clause(), n.having_clause(), n.limit_offset(), n.limit_count());
            casts!(SortBy n.sort_clause());
            options!(WithClause n.with_clause(), SelectStmt n.larg(), SelectStmt n.rarg());
        }
        Node::InsertStmt(n) => {
            options!(RangeVar n.relation(), WithClause n.with_clause());
            lists!(n.cols());
            nodes!(n.select_stmt());
            options!(OnConflictClause n.on_conflict_clause(), ReturningClause n.returning_clause());
        }
        Node::DeleteStmt(n) => {
            options!(RangeVar n.relation(), WithClause n.with_clause());
            lists!(n.using_clause());
            nodes!(n.where_clause());
            options!(ReturningClause n.returning_clause());
        }
        Node::UpdateStmt(n) => {
            options!(RangeVar n.relation(), WithClause n.with_clause());
            casts!(ResTarget n.target_list());
            lists!(n.from_clause());
            nodes!(n.where_clause());
            options!(ReturningClause n.returning_clause());
        }
        Node::MergeStmt(n) => {
            options!(RangeVar n.relation(), WithClause n.with_clause());
            nodes!(n.source_relation(), n.join_condition());
            casts!(MergeWhenClause n.merge_when_clauses());
            options!(ReturningClause n.returning_clause());
        }
        Node::MergeWhenClause(n) => {
            nodes!(n.condition());
            lists!(n.target_list(), n.values());
        }
        Node::OnConflictClause(n) => {
            options!(InferClause n.infer());
            casts!(ResTarget n.target_list());
            nodes!(n.where_clause());
        }
        Node::InferClause(n) => {
            lists!(n.index_elems());
            nodes!(n.where_clause());
        }
        Node::ReturningClause(n) => lists!(n.exprs()),
        Node::WithClause(n) => casts!(CommonTableExpr n.ctes()),
        Node::CommonTableExpr(n) => {
            nodes!(n.ctequery());
            options!(CTECycleClause n.cycle_clause());
        }
        Node::CTECycleClause(n) => nodes!(n.cycle_mark_value(), n.cycle_mark_default()),
        Node::IntoClause(n) => {
            options!(RangeVar n.rel());
            lists!(n.options());
        }
        Node::ReturnStmt(n) => nodes!(n.returnval()),
        Node::RawStmt(n) => nodes!(n.stmt()),

        // Statements around statements.
        Node::ExplainStmt(n) => nodes!(n.query()),
        Node::PrepareStmt(n) => {
            casts!(TypeName n.argtypes());
            nodes!(n.query());
        }
        Node::ExecuteStmt(n) => lists!(n.params()),
        Node::DeclareCursorStmt(n) => nodes!(n.query()),
        Node::CopyStmt(n) => {
            options!(RangeVar n.relation());
            nodes!(n.query(), n.where_clause());
            casts!(DefElem n.options());
        }
        Node::CallStmt(n) => options!(FuncCall n.funccall()),
        Node::CreateTableAsStmt(n) => {
            nodes!(n.query());
            options!(IntoClause n.into());
        }

        // Definitions.
        Node::ViewStmt(n) => {
            options!(RangeVar n.view());
            nodes!(n.query());
            lists!(n.options());
        }
        Node::RuleStmt(n) => {
            options!(RangeVar n.relation());
            nodes!(n.where_clause());
            lists!(n.actions());
        }
        Node::CreateSchemaStmt(n) => lists!(n.schema_elts()),
        Node::CreateStmt(n) => {
            options!(RangeVar n.relation(), PartitionBoundSpec n.partbound());
            options!(PartitionSpec n.partspec(), TypeName n.of_typename());
            lists!(n.table_elts(), n.inh_relations(), n.nnconstraints(), n.options());
            casts!(Constraint n.constraints());
        }
        Node::ColumnDef(n) => {
            options!(TypeName n.type_name(), RangeVar n.identity_sequence());
            nodes!(n.raw_default());
            lists!(n.constraints(), n.fdwoptions());
        }
        Node::TableLikeClause(n) => options!(RangeVar n.relation()),
        Node::Constraint(n) => {
            nodes!(n.raw_expr(), n.where_clause());
            lists!(n.exclusions(), n.options());
            options!(RangeVar n.pktable());
        }
        Node::PartitionSpec(n) => casts!(PartitionElem n.part_params()),
        Node::PartitionElem(n) => {
            nodes!(n.expr());
            lists!(n.opclass());
        }
        Node::PartitionBoundSpec(n) => {
            lists!(n.listdatums(), n.lowerdatums(), n.upperdatums());
        }
        Node::PartitionRangeDatum(n) => nodes!(n.value()),
        Node::PartitionCmd(n) => options!(RangeVar n.name(), PartitionBoundSpec n.bound()),
        Node::IndexStmt(n) => {
            options!(RangeVar n.relation());
            casts!(IndexElem n.index_params());
            lists!(n.index_including_params());
            nodes!(n.where_clause());
        }
        Node::IndexElem(n) => {
            nodes!(n.expr());
            lists!(n.opclassopts());
        }
        // Its FROM may hold what is no relation, on which the binding panics; it reads nothing.
        Node::CreateStatsStmt(n) => lists!(n.exprs()),
        Node::StatsElem(n) => nodes!(n.expr()),
        Node::AlterTableStmt(n) => {
            options!(RangeVar n.relation());
            lists!(n.cmds());
        }
        Node::AlterTableCmd(n) => nodes!(n.def()),
        Node::AlterDomainStmt(n) => nodes!(n.def()),
        Node::CreateDomainStmt(n) => {
            options!(TypeName n.type_name());
            casts!(Constraint n.constraints());
        }
        Node::CreateFunctionStmt(n) => {
            casts!(FunctionParameter n.parameters(), DefElem n.options());
            options!(TypeName n.return_type());
            nodes!(n.sql_body());
        }
        Node::FunctionParameter(n) => {
            options!(TypeName n.arg_type());
            nodes!(n.defexpr());
        }
        Node::AlterFunctionStmt(n) => casts!(DefElem n.actions()),
        Node::CreatePolicyStmt(n) => {
            options!(RangeVar n.table());
            nodes!(n.qual(), n.with_check());
        }
        Node::AlterPolicyStmt(n) => {
            options!(RangeVar n.table());
            nodes!(n.qual(), n.with_check());
        }
        Node::CreateTrigStmt(n) => {
            options!(RangeVar n.relation(), RangeVar n.constrrel());
            nodes!(n.when_clause());
        }
        Node::CreateSeqStmt(n) => {
            options!(RangeVar n.sequence());
            lists!(n.options());
        }
        Node::AlterSeqStmt(n) => {
            options!(RangeVar n.sequence());
            lists!(n.options());
        }
        Node::CompositeTypeStmt(n) => casts!(ColumnDef n.coldeflist()),
        Node::CreatePublicationStmt(n) => lists!(n.pubobjects()),
        Node::AlterPublicationStmt(n) => lists!(n.pubobjects()),
        Node::PublicationObjSpec(n) => options!(PublicationTable n.pubtable()),
        Node::PublicationTable(n) => {
            options!(RangeVar n.relation());
            nodes!(n.where_clause());
        }
        Node::ImportForeignSchemaStmt(n) => casts!(RangeVar n.table_list()),
        Node::DefElem(n) => nodes!(n.arg()),
        Node::GrantStmt(n) => grant_objects(n, visit),
        Node::AlterDefaultPrivilegesStmt(n) => options!(GrantStmt n.action()),

        // Other statements that name relations, settings or values.
        Node::AlterObjectSchemaStmt(n) => options!(RangeVar n.relation()),
        Node::AlterObjectDependsStmt(n) => options!(RangeVar n.relation()),
        Node::AlterOwnerStmt(n) => options!(RangeVar n.relation()),
        Node::RenameStmt(n) => options!(RangeVar n.relation()),
        Node::AlterRoleSetStmt(n) => options!(VariableSetStmt n.setstmt()),
        Node::AlterDatabaseSetStmt(n) => options!(VariableSetStmt n.setstmt()),
        Node::AlterSystemStmt(n) => options!(VariableSetStmt n.setstmt()),
        Node::VariableSetStmt(n) => lists!(n.args()),
        Node::ClusterStmt(n) => options!(RangeVar n.relation()),
        Node::VacuumStmt(n) => casts!(VacuumRelation n.rels()),
        Node::VacuumRelation(n) => options!(RangeVar n.relation()),
        Node::RefreshMatViewStmt(n) => options!(RangeVar n.relation()),
        Node::ReindexStmt(n) => options!(RangeVar n.relation()),
        Node::TruncateStmt(n) => lists!(n.relations()),
        Node::LockStmt(n) => lists!(n.relations()),

        // Nothing below that names a relation or calls code, or names that the walk reads itself.
        Node::None
        | Node::A_Const(_)
        | Node::A_Star(_)
        | Node::ATAlterConstraint(_)
        | Node::AccessPriv(_)
        | Node::Alias(_)
        | Node::AlterCollationStmt(_)
        | Node::AlterDatabaseRefreshCollStmt(_)
        | Node::AlterDatabaseStmt(_)
        | Node::AlterEnumStmt(_)
        | Node::AlterEventTrigStmt(_)
        | Node::AlterExtensionContentsStmt(_)
        | Node::AlterExtensionStmt(_)
        | Node::AlterFdwStmt(_)
        | Node::AlterForeignServerStmt(_)
        | Node::AlterOpFamilyStmt(_)
        | Node::AlterOperatorStmt(_)
        | Node::AlterRoleStmt(_)
        | Node::AlterStatsStmt(_)
        | Node::AlterSubscriptionStmt(_)
        | Node::AlterTSConfigurationStmt(_)
        | Node::AlterTSDictionaryStmt(_)
        | Node::AlterTableMoveAllStmt(_)
        | Node::AlterTableSpaceOptionsStmt(_)
        | Node::AlterTypeStmt(_)
        | Node::AlterUserMappingStmt(_)
        | Node::BitString(_)
        | Node::Boolean(_)
        | Node::CTESearchClause(_)
        | Node::CheckPointStmt(_)
        | Node::ClosePortalStmt(_)
        | Node::ColumnRef(_)
        | Node::CommentStmt(_)
        | Node::ConstraintsSetStmt(_)
        | Node::CreateAmStmt(_)
        | Node::CreateCastStmt(_)
        | Node::CreateConversionStmt(_)
        | Node::CreateEnumStmt(_)
        | Node::CreateEventTrigStmt(_)
        | Node::CreateExtensionStmt(_)
        | Node::CreateFdwStmt(_)
        | Node::CreateForeignServerStmt(_)
        | Node::CreateOpClassItem(_)
        | Node::CreateOpClassStmt(_)
        | Node::CreateOpFamilyStmt(_)
        | Node::CreatePLangStmt(_)
        | Node::CreateRangeStmt(_)
        | Node::CreateRoleStmt(_)
        | Node::CreateSubscriptionStmt(_)
        | Node::CreateTableSpaceStmt(_)
        | Node::CreateTransformStmt(_)
        | Node::CreateUserMappingStmt(_)
        | Node::CreatedbStmt(_)
        | Node::CurrentOfExpr(_)
        | Node::DeallocateStmt(_)
        | Node::DefineStmt(_)
        | Node::DiscardStmt(_)
        | Node::DoStmt(_)
        | Node::DropOwnedStmt(_)
        | Node::DropRoleStmt(_)
        | Node::DropStmt(_)
        | Node::DropSubscriptionStmt(_)
        | Node::DropTableSpaceStmt(_)
        | Node::DropUserMappingStmt(_)
        | Node::DropdbStmt(_)
        | Node::FetchStmt(_)
        | Node::Float(_)
        | Node::GrantRoleStmt(_)
        | Node::Integer(_)
        | Node::JsonFormat(_)
        | Node::JsonReturning(_)
        | Node::ListenStmt(_)
        | Node::LoadStmt(_)
        | Node::LockingClause(_)
        | Node::MergeSupportFunc(_)
        | Node::NotifyStmt(_)
        | Node::ObjectWithArgs(_)
        | Node::ParamRef(_)
        | Node::RangeVar(_)
        | Node::ReassignOwnedStmt(_)
        | Node::ReplicaIdentityStmt(_)
        | Node::ReturningOption(_)
        | Node::RoleSpec(_)
        | Node::SQLValueFunction(_)
        | Node::SecLabelStmt(_)
        | Node::SetToDefault(_)
        | Node::String(_)
        | Node::TransactionStmt(_)
        | Node::TriggerTransition(_)
        | Node::UnlistenStmt(_)
        | Node::VariableShowStmt(_) => {}

        // Made by analysis and planning, never by the grammar; and what the binding can't name.
        Node::Aggref(_)
        | Node::AlternativeSubPlan(_)
        | Node::ArrayCoerceExpr(_)
        | Node::ArrayExpr(_)
        | Node::Bitmapset(_)
        | Node::CallContext(_)
        | Node::CaseTestExpr(_)
        | Node::CoerceToDomain(_)
        | Node::CoerceToDomainValue(_)
        | Node::CoerceViaIO(_)
        | Node::CollateExpr(_)
        | Node::ConvertRowtypeExpr(_)
        | Node::FieldSelect(_)
        | Node::FieldStore(_)
        | Node::FromExpr(_)
        | Node::FuncExpr(_)
        | Node::InferenceElem(_)
        | Node::InlineCodeBlock(_)
        | Node::JsonConstructorExpr(_)
        | Node::JsonExpr(_)
        | Node::MergeAction(_)
        | Node::NextValueExpr(_)
        | Node::OnConflictExpr(_)
        | Node::OpExpr(_)
        | Node::PLAssignStmt(_)
        | Node::Param(_)
        | Node::Query(_)
        | Node::RTEPermissionInfo(_)
        | Node::RangeTblEntry(_)
        | Node::RangeTblFunction(_)
        | Node::RangeTblRef(_)
        | Node::ReturningExpr(_)
        | Node::RowCompareExpr(_)
        | Node::RowMarkClause(_)
        | Node::ScalarArrayOpExpr(_)
        | Node::SetOperationStmt(_)
        | Node::SortGroupClause(_)
        | Node::SubPlan(_)
        | Node::SubscriptingRef(_)
        | Node::TableFunc(_)
        | Node::TableSampleClause(_)
        | Node::TargetEntry(_)
        | Node::WindowClause(_)
        | Node::WindowFunc(_)
        | Node::WindowFuncRunCondition(_)
        | Node::WithCheckOption(_)
        | Node::Invalid(_) => {}
    }
}

/// The modifiers of `numeric(10, 2)` are expressions to the grammar.
fn type_modifiers<'a>(name: &'a TypeName, visit: &mut impl FnMut(Node<'a>)) {
    let modifiers: &'a NodeList = name.typmods();
    for modifier in modifiers {
        visit(modifier);
    }
}

/// GRANT's list holds relations only for tables and sequences; the binding panics on others.
fn grant_objects<'a>(grant: &'a GrantStmt, visit: &mut impl FnMut(Node<'a>)) {
    let named = grant.targtype == raw::GrantTargetType::ACL_TARGET_OBJECT;
    let relations = grant.objtype == raw::ObjectType::OBJECT_TABLE
        || grant.objtype == raw::ObjectType::OBJECT_SEQUENCE;
    if named && relations {
        for relation in grant.objects() {
            visit(Node::RangeVar(relation));
        }
    }
}

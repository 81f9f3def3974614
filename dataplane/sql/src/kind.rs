//! Which [`Kind`] a statement of the grammar is.

use pg_raw_parse::nodes::{CopyStmt, VariableSetStmt};
use pg_raw_parse::{Node, raw};

use crate::Kind;

/// The kind of a statement node; `None` for nodes that are no statements.
pub(crate) fn of(node: Node<'_>) -> Option<Kind> {
    Some(match node {
        // In a chain of UNION, INTO stands in the first query.
        Node::SelectStmt(select) if select.into_clause().is_some() => Kind::CreateAs,
        Node::SelectStmt(_) => Kind::Select,
        Node::InsertStmt(_) => Kind::Insert,
        Node::UpdateStmt(_) => Kind::Update,
        Node::DeleteStmt(_) => Kind::Delete,
        Node::MergeStmt(_) => Kind::Merge,
        Node::TruncateStmt(_) => Kind::Truncate,
        Node::CopyStmt(copy) => of_copy(copy),
        Node::CreateTableAsStmt(_) | Node::RefreshMatViewStmt(_) => Kind::CreateAs,
        Node::TransactionStmt(_) | Node::ConstraintsSetStmt(_) => Kind::Transaction,
        Node::VariableSetStmt(set) => of_set(set),
        Node::VariableShowStmt(_) => Kind::Show,
        Node::ExplainStmt(_) => Kind::Explain,
        Node::DeclareCursorStmt(_) => Kind::Declare,
        Node::FetchStmt(_) => Kind::Fetch,
        Node::ClosePortalStmt(_) => Kind::Close,
        Node::PrepareStmt(_) => Kind::Prepare,
        Node::ExecuteStmt(_) => Kind::Execute,
        Node::DeallocateStmt(_) => Kind::Deallocate,
        Node::ListenStmt(_) => Kind::Listen,
        Node::NotifyStmt(_) => Kind::Notify,
        Node::UnlistenStmt(_) => Kind::Unlisten,
        Node::DiscardStmt(_) => Kind::Discard,
        Node::LockStmt(_) => Kind::Lock,
        Node::CallStmt(_) => Kind::Call,
        Node::DoStmt(_) => Kind::Do,
        Node::CommentStmt(_) | Node::SecLabelStmt(_) => Kind::Label,
        Node::VacuumStmt(_)
        | Node::ClusterStmt(_)
        | Node::ReindexStmt(_)
        | Node::CheckPointStmt(_) => Kind::Maintain,
        Node::GrantStmt(_)
        | Node::GrantRoleStmt(_)
        | Node::AlterDefaultPrivilegesStmt(_)
        | Node::CreateRoleStmt(_)
        | Node::AlterRoleStmt(_)
        | Node::AlterRoleSetStmt(_)
        | Node::DropRoleStmt(_)
        | Node::ReassignOwnedStmt(_)
        | Node::DropOwnedStmt(_)
        | Node::AlterOwnerStmt(_) => Kind::Privilege,
        Node::LoadStmt(_) | Node::AlterSystemStmt(_) => Kind::Other,
        Node::AlterCollationStmt(_)
        | Node::AlterDatabaseRefreshCollStmt(_)
        | Node::AlterDatabaseSetStmt(_)
        | Node::AlterDatabaseStmt(_)
        | Node::AlterDomainStmt(_)
        | Node::AlterEnumStmt(_)
        | Node::AlterEventTrigStmt(_)
        | Node::AlterExtensionContentsStmt(_)
        | Node::AlterExtensionStmt(_)
        | Node::AlterFdwStmt(_)
        | Node::AlterForeignServerStmt(_)
        | Node::AlterFunctionStmt(_)
        | Node::AlterObjectDependsStmt(_)
        | Node::AlterObjectSchemaStmt(_)
        | Node::AlterOpFamilyStmt(_)
        | Node::AlterOperatorStmt(_)
        | Node::AlterPolicyStmt(_)
        | Node::AlterPublicationStmt(_)
        | Node::AlterSeqStmt(_)
        | Node::AlterStatsStmt(_)
        | Node::AlterSubscriptionStmt(_)
        | Node::AlterTSConfigurationStmt(_)
        | Node::AlterTSDictionaryStmt(_)
        | Node::AlterTableMoveAllStmt(_)
        | Node::AlterTableSpaceOptionsStmt(_)
        | Node::AlterTableStmt(_)
        | Node::AlterTypeStmt(_)
        | Node::AlterUserMappingStmt(_)
        | Node::CompositeTypeStmt(_)
        | Node::CreateAmStmt(_)
        | Node::CreateCastStmt(_)
        | Node::CreateConversionStmt(_)
        | Node::CreateDomainStmt(_)
        | Node::CreateEnumStmt(_)
        | Node::CreateEventTrigStmt(_)
        | Node::CreateExtensionStmt(_)
        | Node::CreateFdwStmt(_)
        | Node::CreateForeignServerStmt(_)
        | Node::CreateFunctionStmt(_)
        | Node::CreateOpClassStmt(_)
        | Node::CreateOpFamilyStmt(_)
        | Node::CreatePLangStmt(_)
        | Node::CreatePolicyStmt(_)
        | Node::CreatePublicationStmt(_)
        | Node::CreateRangeStmt(_)
        | Node::CreateSchemaStmt(_)
        | Node::CreateSeqStmt(_)
        | Node::CreateStatsStmt(_)
        | Node::CreateStmt(_)
        | Node::CreateSubscriptionStmt(_)
        | Node::CreateTableSpaceStmt(_)
        | Node::CreateTransformStmt(_)
        | Node::CreateTrigStmt(_)
        | Node::CreateUserMappingStmt(_)
        | Node::CreatedbStmt(_)
        | Node::DefineStmt(_)
        | Node::DropStmt(_)
        | Node::DropSubscriptionStmt(_)
        | Node::DropTableSpaceStmt(_)
        | Node::DropUserMappingStmt(_)
        | Node::DropdbStmt(_)
        | Node::ImportForeignSchemaStmt(_)
        | Node::IndexStmt(_)
        | Node::RenameStmt(_)
        | Node::RuleStmt(_)
        | Node::ViewStmt(_) => Kind::Ddl,
        _ => return None,
    })
}

fn of_copy(copy: &CopyStmt) -> Kind {
    if copy.is_program || copy.filename().is_some() {
        Kind::CopyServer
    } else if copy.is_from {
        Kind::CopyIn
    } else {
        Kind::CopyOut
    }
}

/// `SET TRANSACTION` and its kin change the transaction, not a setting.
fn of_set(set: &VariableSetStmt) -> Kind {
    if set.kind == raw::VariableSetKind::VAR_SET_MULTI { Kind::Transaction } else { Kind::Set }
}

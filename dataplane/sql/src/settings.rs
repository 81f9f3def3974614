//! Settings that a statement changes.

use pg_raw_parse::nodes::{FuncCall, VariableSetStmt};
use pg_raw_parse::{Node, raw};

use crate::constant;
use crate::statement::{Setting, SettingScope};

/// SET and RESET; `stored` where another statement (ALTER ROLE, CREATE FUNCTION ...) keeps it.
pub(crate) fn of_set(set: &VariableSetStmt, stored: bool) -> Option<Setting> {
    use raw::VariableSetKind as Form;
    let value = match set.kind {
        Form::VAR_SET_VALUE => literals(set),
        Form::VAR_SET_DEFAULT | Form::VAR_SET_CURRENT | Form::VAR_RESET => None,
        // SET TRANSACTION and RESET ALL name no setting.
        _ => return None,
    };
    let scope = match (stored, set.is_local) {
        (true, _) => SettingScope::Stored,
        (false, true) => SettingScope::Transaction,
        (false, false) => SettingScope::Session,
    };
    Some(Setting { name: set.name()?.to_ascii_lowercase(), value, scope })
}

/// `set_config(name, value, is_local)`; `None` where the text doesn't tell the name.
pub(crate) fn of_set_config(call: &FuncCall) -> Option<Setting> {
    let name = constant::string(call.args().first()?)?.to_ascii_lowercase();
    let value = call.args().get(1).and_then(constant::string).map(str::to_owned);
    let local = call.args().get(2).and_then(constant::boolean);
    let scope = if local == Some(true) { SettingScope::Transaction } else { SettingScope::Session };
    Some(Setting { name, value, scope })
}

/// The values of `SET a = b, c`, joined as the server shows a list.
fn literals(set: &VariableSetStmt) -> Option<String> {
    let mut joined = String::new();
    for argument in set.args() {
        let Node::A_Const(literal) = argument else { return None };
        if !joined.is_empty() {
            joined.push_str(", ");
        }
        joined.push_str(&constant::text(literal)?);
    }
    Some(joined)
}

//! `keywright operator`

use serde_json::json;

use super::Context;
use crate::cli::Operator;
use crate::failure::Failure;
use crate::output::{Output, table};

pub(super) async fn run(context: &Context, command: Operator) -> Result<Output, Failure> {
    let Context { caller, operations } = context;
    match command {
        Operator::Add { email } => {
            let (person, added) = operations.operator_add(caller, &email).await?;
            let text = if added { format!("{email} is an operator now") } else { format!("{email} is an operator already") };
            Ok(Output::new(json!({ "person": person.to_string(), "added": added }), text))
        }
        Operator::List => {
            let listed = operations.operator_list(caller).await?;
            let rows: Vec<Vec<String>> = listed.iter().map(|o| vec![o.person.to_string(), o.mail.clone(), o.name.clone(), o.created_at.to_string()]).collect();
            let json: Vec<_> =
                listed.iter().map(|o| json!({ "person": o.person.to_string(), "email": o.mail, "name": o.name, "since": o.created_at.to_string() })).collect();
            Ok(Output::new(json!(json), table(&["person", "email", "name", "since"], &rows)))
        }
        Operator::Remove { email } => {
            let person = operations.operator_remove(caller, &email).await?;
            Ok(Output::new(json!({ "person": person.to_string() }), format!("{email} is an operator no more")))
        }
    }
}

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    fmt,
};

use cedar_policy::{
    Authorizer as Engine, Decision, Effect, Entities, EvaluationError, PolicyId, PolicySet, Request, Schema,
    ValidationMode, Validator,
};

use super::{
    CedarError, CedarPart, CedarSource,
    entities::{Known, Store},
    error::Place,
    source::Text,
};
use crate::authorize::{Authorization, AuthorizationError, Permit};

/// Policies that are in order, with the entities that they speak of.
///
/// ```
/// use ws_server::authorize::cedar::{CedarPolicies, CedarSource};
///
/// let policies = CedarPolicies::new(&CedarSource::new(
///     r#"@id("members") permit(principal in Role::"member", action == Action::"connect", resource);"#,
/// ))?;
/// assert_eq!(policies.names().collect::<Vec<_>>(), ["members"]);
/// let error = CedarPolicies::new(&CedarSource::new("permit(principal, action, resource)")).unwrap_err();
/// assert!(error.to_string().starts_with("policies:1: unexpected end of input"), "{error}");
/// # Ok::<(), ws_server::authorize::cedar::CedarError>(())
/// ```
pub struct CedarPolicies {
    set: PolicySet,
    /// What a policy is called when it decides: its `@id`, or else Cedar's name for it.
    names: HashMap<PolicyId, String>,
    entities: Store,
    pub(super) asks_for_time: bool,
}

impl CedarPolicies {
    /// The policies of `source`.
    ///
    /// # Errors
    /// The first thing that is wrong with one of the texts, by file and line.
    pub fn new(source: &CedarSource) -> Result<Self, CedarError> {
        let schema = source.schema.as_ref().map(schema).transpose()?;
        let text = &source.policies;
        let set: PolicySet = text.content.parse().map_err(|error: cedar_policy::ParseErrors| {
            CedarError::invalid(CedarPart::Policies, text, &error)
        })?;
        if let Some(template) = set.templates().next() {
            let policy = template.annotation("id").unwrap_or_else(|| template.id().as_ref());
            return Err(CedarError::Template {
                place: Place::of(CedarPart::Policies, text),
                policy: policy.to_owned(),
            });
        }
        if let Some(schema) = &schema {
            validate(&set, schema, text)?;
        }
        let entities = entities(source, schema.as_ref())?;
        let literals = set.policies().flat_map(cedar_policy::Policy::entity_literals).collect();
        Ok(Self {
            names: names(&set, text)?,
            entities: Store::new(&entities, literals),
            set,
            asks_for_time: text.content.contains("now"),
        })
    }

    /// What the policies are called when they decide: the `@id` of each, or `policy0`, `policy1` and so on.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.values().map(String::as_str)
    }

    /// What is known of entities, with `known` from the request.
    pub(super) fn entities(
        &self,
        request: &Request,
        known: Vec<Known>,
    ) -> Result<Entities, Box<dyn std::error::Error>> {
        let roots = [request.principal(), request.action(), request.resource()];
        self.entities.around(roots.into_iter().flatten(), known)
    }

    pub(super) fn decide(&self, request: &Request, entities: &Entities) -> Authorization {
        let response = Engine::new().is_authorized(request, &self.set, entities);
        let reasons: BTreeSet<&str> =
            response.diagnostics().reason().filter_map(|id| self.names.get(id)).map(String::as_str).collect();
        let decision = response.decision();
        let mut failed = false;
        for cedar_policy::AuthorizationError::PolicyEvaluationError(error) in response.diagnostics().errors()
        {
            let (id, error) = (error.policy_id(), error.inner());
            let policy = self.names.get(id).map_or("", String::as_str);
            let effect = self.set.policy(id).map(cedar_policy::Policy::effect);
            let counts = match (decision, effect) {
                (Decision::Allow, Some(Effect::Forbid)) => true,
                (Decision::Deny, Some(Effect::Permit)) => reasons.is_empty() && !is_absence(error),
                _ => false,
            };
            failed |= counts;
            if counts {
                tracing::error!(target: "ws_server::authorize", policy, %error, "a Cedar policy that might have decided cannot be evaluated");
            } else {
                tracing::warn!(target: "ws_server::authorize", policy, %error, "a Cedar policy cannot be evaluated");
            }
        }
        let reasons = reasons.into_iter().collect::<Vec<_>>().join(", ");
        match decision {
            _ if failed => Err(AuthorizationError::Internal),
            Decision::Allow => Ok(Permit::by(reasons)),
            Decision::Deny if reasons.is_empty() => {
                Err(AuthorizationError::PolicyDenied { rule: "no Cedar policy permits".into() })
            }
            Decision::Deny => Err(AuthorizationError::PolicyDenied { rule: reasons.into() }),
        }
    }
}

impl fmt::Debug for CedarPolicies {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("CedarPolicies")
            .field("policies", &self.names.len())
            .field("entities", &self.entities.len())
            .finish_non_exhaustive()
    }
}

fn schema(text: &Text) -> Result<Schema, CedarError> {
    match Schema::from_cedarschema_str(&text.content) {
        Ok((schema, _)) => Ok(schema),
        Err(error) => Err(CedarError::invalid(CedarPart::Schema, text, &error)),
    }
}

fn validate(set: &PolicySet, schema: &Schema, text: &Text) -> Result<(), CedarError> {
    let result = Validator::new(schema.clone()).validate(set, ValidationMode::Strict);
    for warning in result.validation_warnings() {
        tracing::warn!(target: "ws_server::authorize", %warning, "a Cedar policy");
    }
    match result.validation_errors().next() {
        Some(error) => Err(CedarError::invalid(CedarPart::Policies, text, error)),
        None => Ok(()),
    }
}

fn entities(source: &CedarSource, schema: Option<&Schema>) -> Result<Entities, CedarError> {
    match (&source.entities, schema) {
        (Some(text), _) => Entities::from_json_str(&text.content, schema).map_err(|error| {
            // What is not even JSON has its line in the parser's own words.
            let syntax = serde_json::from_str::<serde::de::IgnoredAny>(&text.content).err();
            let mut invalid = CedarError::invalid(CedarPart::Entities, text, &error);
            if let (CedarError::Invalid { place, message, .. }, Some(syntax)) = (&mut invalid, syntax) {
                place.line = Some(syntax.line());
                *message = syntax.to_string();
            }
            invalid
        }),
        (None, Some(schema)) => schema.action_entities().map_err(|error| {
            let text = source.schema.as_ref().unwrap_or(&source.policies);
            CedarError::invalid(CedarPart::Schema, text, &error)
        }),
        (None, None) => Ok(Entities::empty()),
    }
}

fn names(set: &PolicySet, text: &Text) -> Result<HashMap<PolicyId, String>, CedarError> {
    let mut taken = HashSet::new();
    let mut names = HashMap::new();
    for policy in set.policies() {
        let name =
            policy.annotation("id").filter(|id| !id.is_empty()).unwrap_or_else(|| policy.id().as_ref());
        if !taken.insert(name) {
            let place = Place::of(CedarPart::Policies, text);
            return Err(CedarError::DuplicateId { place, policy: name.to_owned() });
        }
        names.insert(policy.id().clone(), name.to_owned());
    }
    Ok(names)
}

/// Whether a policy asks for what is not there, rather than for what makes no sense.
const fn is_absence(error: &EvaluationError) -> bool {
    matches!(
        error,
        EvaluationError::EntityDoesNotExist(_)
            | EvaluationError::EntityAttrDoesNotExist(_)
            | EvaluationError::RecordAttrDoesNotExist(_)
    )
}

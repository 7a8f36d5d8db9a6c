use std::{
    collections::{HashMap, HashSet},
    error::Error,
};

use cedar_policy::{Entities, Entity, EntityUid, RestrictedExpression};
use serde_json::Value;

/// What the operator's file says of entities.
///
/// A decision gets only those that it can reach: what is known of the caller has to be added each time, and Cedar works
/// through all entities then.
pub(super) struct Store {
    entities: HashMap<EntityUid, Stored>,
    /// Those that the policies name.
    named: Vec<EntityUid>,
}

/// What a request says of an entity.
pub(super) struct Known {
    pub(super) uid: EntityUid,
    pub(super) attributes: HashMap<String, RestrictedExpression>,
    pub(super) parents: HashSet<EntityUid>,
}

struct Stored {
    entity: Entity,
    /// Its ancestors, and whatever its attributes and tags refer to.
    refers_to: Vec<EntityUid>,
}

impl Store {
    pub(super) fn new(entities: &Entities, named: HashSet<EntityUid>) -> Self {
        let entities: HashMap<_, _> = entities
            .iter()
            .map(|entity| (entity.uid(), Stored { entity: entity.clone(), refers_to: references(entity) }))
            .collect();
        let named = named.into_iter().filter(|uid| entities.contains_key(uid)).collect();
        Self { entities, named }
    }

    pub(super) fn len(&self) -> usize {
        self.entities.len()
    }

    /// Whatever can be reached from these, with what a request knows besides.
    pub(super) fn around<'a>(
        &'a self,
        roots: impl Iterator<Item = &'a EntityUid>,
        known: Vec<Known>,
    ) -> Result<Entities, Box<dyn Error>> {
        let mut found: HashMap<EntityUid, Entity> = HashMap::new();
        let mut open: Vec<&EntityUid> = roots.chain(&self.named).collect();
        open.extend(known.iter().flat_map(|known| known.parents.iter().chain([&known.uid])).filter_map(
            |uid| {
                // By the store's own key, which outlives the request's.
                self.entities.get_key_value(uid).map(|(key, _)| key)
            },
        ));
        while let Some(uid) = open.pop() {
            if let Some(stored) = self.entities.get(uid)
                && !found.contains_key(uid)
            {
                found.insert(uid.clone(), stored.entity.clone());
                open.extend(&stored.refers_to);
            }
        }
        for Known { uid, attributes, parents } in known {
            let entity = match found.remove(&uid) {
                None => Entity::new(uid.clone(), attributes, parents)?,
                Some(stored) => {
                    let (_, mut all, mut ancestors) = stored.into_inner();
                    all.extend(attributes);
                    ancestors.extend(parents);
                    Entity::new(uid.clone(), all, ancestors)?
                }
            };
            found.insert(uid, entity);
        }
        Ok(Entities::from_entities(found.into_values(), None)?)
    }
}

fn references(entity: &Entity) -> Vec<EntityUid> {
    let (_, _, ancestors) = entity.clone().into_inner();
    let mut references: Vec<EntityUid> = ancestors.into_iter().collect();
    if let Ok(Value::Object(entity)) = entity.to_json_value() {
        for part in ["attrs", "tags"] {
            entity.get(part).into_iter().for_each(|value| find_references(value, &mut references));
        }
    }
    references
}

/// Cedar writes a reference as `{ "__entity": { "type": …, "id": … } }`.
fn find_references(value: &Value, references: &mut Vec<EntityUid>) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| find_references(value, references)),
        Value::Object(members) => {
            if let Some(entity) = members.get("__entity")
                && let Ok(uid) = EntityUid::from_json(entity.clone())
            {
                references.push(uid);
            }
            members.values().for_each(|value| find_references(value, references));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Cedar's work grows with the entities that it is given: a decision gets no more because there are more.
    #[test]
    fn entities_out_of_reach_cost_nothing() {
        let users: Vec<_> = (0..5000)
            .map(|number| {
                let group = json!({ "type": "Group", "id": format!("g{}", number % 10) });
                json!({ "uid": { "type": "User", "id": number.to_string() }, "attrs": {}, "parents": [group] })
            })
            .chain((0..10).map(|group| {
                json!({ "uid": { "type": "Group", "id": format!("g{group}") }, "attrs": {}, "parents": [] })
            }))
            .collect();
        let all = Entities::from_json_value(users.into(), None).unwrap();
        let store = Store::new(&all, HashSet::new());
        assert_eq!(store.len(), 5010);
        let uid: EntityUid = r#"User::"4711""#.parse().unwrap();
        let role: EntityUid = r#"Role::"member""#.parse().unwrap();
        let known =
            Known { uid: uid.clone(), attributes: HashMap::new(), parents: HashSet::from([role.clone()]) };
        let near = store.around([&uid].into_iter(), vec![known]).unwrap();
        let group: EntityUid = r#"Group::"g1""#.parse().unwrap();
        assert_eq!(near.len(), 2, "the user and the group");
        assert!(near.is_ancestor_of(&group, &uid) && near.is_ancestor_of(&role, &uid));
    }
}

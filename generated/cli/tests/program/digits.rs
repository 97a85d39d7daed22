//! Tests with numbers that neither a 64-bit integer nor a double can represent. The program keeps their value
//! or refuses them, and never sends a rounded number.

use crate::support::World;
use funnelflux_fake::number;
use serde_json::{Value, json};
use std::fs;

const DIGITS: &str = "0.1234567890123456789";

/// Returns an account with two offer sources, and their IDs. A number in the first would be rounded.
fn world() -> (World, Vec<String>) {
    let (world, ids) = World::new(2);
    world.fake.set("offersource", &ids[0], "bid", number(DIGITS));
    (world, ids)
}

fn state(world: &World) -> Vec<Value> {
    let state = world.fake.state();
    let assets = state.assets("offersource");
    assets.map(|asset| Value::from(asset.body.clone())).collect()
}

#[test]
fn inputs_with_such_a_number_are_refused() {
    let (world, ids) = world();
    let before = state(&world);
    let body = format!("{{\n  \"offerSourceName\": \"New\",\n  \"bid\": {DIGITS}\n}}\n");
    fs::write(world.path("new.json"), &body).unwrap();
    let refused = world.run("offer-sources create --json new.json --yes").code(2);
    insta::assert_snapshot!(refused.err, @r#"
    error: new.json:3:10: the number 0.1234567890123456789 at /bid would be rounded to 0.12345678901234568
    fix: shorten the number, or write it in quotes if the property is a text
    "#);
    world
        .run_with("offer-sources create --json - --yes", &body)
        .code(2);
    world
        .run("offer-sources create --set name=x --set bid=18446744073709551616 --yes")
        .code(2);
    let set = format!("offer-sources set {} --set bid=1e999 --yes", ids[1]);
    insta::assert_snapshot!(world.run(&set).code(2).err, @r#"
    error: --set "bid=1e999": the number 1e999 is out of range
    fix: shorten the number, or write --set-string bid=TEXT for a text
    "#);
    let api = format!(
        "api POST /offersource/save/ --set idOfferSource={} --set bid={DIGITS} --yes",
        ids[1]
    );
    world.run(&api).code(2);
    let csv = format!("id,bid\n{},{DIGITS}\n", ids[1]);
    let import = world
        .run_with("offer-sources import - --new-fields --yes", &csv)
        .code(2);
    assert!(
        import.err.contains(DIGITS) && import.err.contains("stdin:2"),
        "{}",
        import.err
    );
    assert_eq!(state(&world), before);

    // Other notations are accepted if the value is not rounded.
    let set = format!(
        "offer-sources set {} --set bid=1.10E+2 --new-fields --yes",
        ids[1]
    );
    world.run(&set).code(0);
    assert_eq!(
        state(&world)
            .iter()
            .filter(|asset| asset["bid"] == json!(110.0))
            .count(),
        1
    );
}

#[test]
fn assets_with_such_a_number_are_shown_and_not_changed() {
    let (world, ids) = world();
    let before = state(&world);
    for line in [
        format!("offer-sources get {} -o json", ids[0]),
        format!("offer-sources get {} -o csv", ids[0]),
        "offer-sources list --all-fields --columns id,bid".to_owned(),
        format!(
            "api GET /offersource/find/byId/ --query idOfferSource={} -o json",
            ids[0]
        ),
    ] {
        let shown = world.run(&line).code(0);
        assert!(shown.out.contains(DIGITS), "{line}: {}", shown.out);
    }
    let set = format!("offer-sources set {} {} --set name=x --yes", ids[0], ids[1]);
    let refused = world.run(&set).code(1).err;
    assert_eq!(
        refused,
        format!(
            "error: offer source {} cannot be read: the number {DIGITS} at /bid would be rounded to \
             0.12345678901234568, and saving the asset would change it\nfix: change the asset on the website \
             of the service\n",
            ids[0]
        )
    );
    assert_eq!(state(&world), before);
    // The fields of the columns are known, although the first asset cannot be read without rounding.
    let csv = format!("id,offerSourceName\n{},Renamed\n", ids[1]);
    world.run_with("offer-sources import - --yes", &csv).code(0);
    let renamed = state(&world);
    let is_renamed = |asset: &&Value| asset["offerSourceName"] == json!("Renamed");
    assert_eq!(renamed.iter().filter(is_renamed).count(), 1);
    assert_eq!(renamed.iter().filter(|asset| before.contains(asset)).count(), 1);
    world
        .run(&format!("offer-sources archive {} --yes", ids[0]))
        .code(0);
    assert_eq!(world.status(&ids[0]), "archived");
}

#[test]
fn a_backup_keeps_the_digits_and_a_restore_leaves_the_asset() {
    let (world, ids) = world();
    world.run("export backup").code(0);
    let file = world.path(&format!("backup/offer-sources/{}.json", ids[0]));
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.contains(&format!("\"bid\": {DIGITS}")), "{text}");
    world.run("compare backup").code(0);
    for id in &ids {
        world.fake.set("offersource", id, "offerSourceName", "changed");
    }
    world.fake.set("offersource", &ids[0], "bid", 1);
    let before = state(&world);
    let restored = world.run("plan backup --out plan.json").code(3);
    assert!(restored.out.contains(DIGITS), "{}", restored.out);
    world.run("apply plan.json --yes").code(0);
    let after = state(&world);
    assert_eq!(after.iter().filter(|asset| before.contains(asset)).count(), 1);
    assert!(
        !after
            .iter()
            .any(|asset| asset["bid"] != json!(1) && asset["offerSourceName"] == "changed")
    );
    // A plan with a number that would be rounded is refused.
    let plan = fs::read_to_string(world.path("plan.json")).unwrap();
    let edited = plan.replacen("\"new\": \"", &format!("\"new\": {DIGITS}, \"x\": \""), 1);
    assert_ne!(plan, edited);
    fs::write(world.path("edited.json"), edited).unwrap();
    let refused = world.run("apply edited.json --yes").code(2);
    assert!(refused.err.contains("would be rounded"), "{}", refused.err);
    assert_eq!(state(&world), after);
}

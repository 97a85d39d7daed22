//! Tests of the commands that make or apply plans: create, set, edit, import, replace, plan, apply and undo.

use crate::support::{Ran, World, ran, stable_times, words};
use funnelflux::ext::AssetGroup;
use funnelflux_fake::{Fault, Rule, number};
use serde_json::{Value, json};
use std::fs;
use std::process::Stdio;
use std::time::{Duration, Instant};

fn world() -> (World, Vec<String>) {
    let (world, ids) = World::new(4);
    for (index, id) in ids.iter().enumerate() {
        world.fake.set(
            "offersource",
            id,
            "offerSourceName",
            format!("Source {}", index + 1),
        );
        world.fake.seed_page(&format!("2nIemP00000{}", index + 1), id);
    }
    (world, ids)
}

fn body(world: &World, segment: &str, id: &str) -> Value {
    let state = world.fake.state();
    let asset = state
        .asset(segment, id)
        .unwrap_or_else(|| panic!("no {segment} {id}"));
    Value::Object(asset.body.clone())
}

/// Replaces each ID in an output by its position in `ids`, and each time by a constant time.
fn golden(text: &str, ids: &[String]) -> String {
    let mut text = stable_times(text);
    for (index, id) in ids.iter().enumerate() {
        text = text.replace(id, &format!("[id {}]", index + 1));
    }
    text
}

#[test]
fn properties_are_set_after_a_plan() {
    let (world, ids) = world();
    let line =
        "offer-sources set 'Source 1' 'Source 2' --set postbackTxId=tx2 --set-string queryParams.sub=1";
    let plan = world.run(&format!("{line} --plan")).code(0);
    insta::assert_snapshot!("set", golden(&plan.out, &ids));
    let line_order = "--set-string postbackTxId=tx1 --set postbackTxId=2 --set-string postbackTxId=3 --plan";
    let plan_order = world
        .run(&format!("offer-sources set 'Source 1' {line_order}"))
        .code(0);
    assert!(plan_order.out.ends_with("\"3\"\n"), "{}", plan_order.out);
    let refused = world.run(line).code(2);
    assert!(
        refused.err.contains("save 2 assets needs a confirmation"),
        "{}",
        refused.err
    );
    assert_eq!(body(&world, "offersource", &ids[0])["postbackTxId"], "txid");
    world.run(&format!("{line} --yes")).code(0);
    for id in &ids[..2] {
        let body = body(&world, "offersource", id);
        assert_eq!(body["postbackTxId"], "tx2");
        assert_eq!(body["queryParams"], json!({ "clickid": "{hit}", "sub": "1" }));
    }
    assert_eq!(body(&world, "offersource", &ids[2])["postbackTxId"], "txid");
    let own = world
        .run(&format!(
            "offer-sources set {} --set id=2nIemS999999 --yes",
            ids[0]
        ))
        .code(2);
    assert!(own.err.contains("cannot be changed"), "{}", own.err);
}

#[test]
fn categories_and_parents_are_set_by_name() {
    let (world, ids) = world();
    world.fake.seed_category("2nIemC000001", "Evergreen");
    let page = "pages set 2nIemP000002 --yes --set";
    for (line, segment, id, pointer, expected) in [
        (
            format!("offer-sources set {} --set category=Evergreen --yes", ids[0]),
            "offersource",
            ids[0].as_str(),
            "/idCategory",
            "2nIemC000001",
        ),
        (
            format!("offer-sources set {} --set category= --yes", ids[0]),
            "offersource",
            &ids[0],
            "/idCategory",
            "",
        ),
        (
            format!("{page} offerParams.idOfferSource='Source 1'"),
            "page",
            "2nIemP000002",
            "/offerParams/idOfferSource",
            &ids[0],
        ),
    ] {
        world.run(&line).code(0);
        assert_eq!(
            body(&world, segment, id).pointer(pointer),
            Some(&json!(expected)),
            "{line}"
        );
    }
    let create = "offer-sources create --set name=New --yes --set category=Evergreen";
    let duplicate = format!("offer-sources duplicate {} --yes --into Evergreen", ids[0]);
    for line in [create, &duplicate] {
        let new = world.run(line).code(0).out;
        assert_eq!(
            body(&world, "offersource", new.trim())["idCategory"],
            "2nIemC000001",
            "{line}"
        );
    }
    for line in [
        format!("offer-sources set {} --set category=evergreen --yes", ids[0]),
        format!("offer-sources duplicate {} --yes --into evergreen", ids[0]),
    ] {
        let refused = world.run(&line).code(1).err;
        assert!(
            refused.contains("no category has this ID or name: \"evergreen\""),
            "{refused}"
        );
    }
}

#[test]
fn a_category_or_parent_is_never_stored_under_its_name() {
    let (world, ids) = world();
    world.fake.seed_category("2nIemC000001", "Evergreen");
    world.fake.seed_category("2nIemC002027", "2027");
    world.fake.seed_category("2nIemC000011", "1.1");
    world.fake.seed_category("2nIemC000110", "1.10");
    world.fake.seed_category("2nIemC000099", "Gone");
    world.fake.set("category", "2nIemC000099", "status", "deleted");
    // An older account may contain such a value. It stays as it is, because nobody changes it.
    world.fake.set("offersource", &ids[3], "idCategory", "of old");
    let create = |category: &str| {
        let body = json!([{ "offerSourceName": "New", "idCategory": category }]).to_string();
        world.run_with("offer-sources create --json - --yes", &body)
    };
    let edited = |index: usize, program: &str| {
        let line = format!("offer-sources edit {} --yes", ids[index]);
        edit(&world, &line, &format!("sed -i '{program}' \"$1\""))
    };
    let category = |id: &str| body(&world, "offersource", id)["idCategory"].clone();
    let new = create("Evergreen").code(0).out;
    assert_eq!(category(new.trim()), "2nIemC000001");
    edited(0, "s/\"idCategory\": \"[^\"]*\"/\"idCategory\": \"Evergreen\"/").code(0);
    assert_eq!(category(&ids[0]), "2nIemC000001");
    edited(3, "s/Source 4/Source four/").code(0);
    assert_eq!(category(&ids[3]), "of old");
    world
        .run(&format!("offer-sources set {} --set category=2027 --yes", ids[0]))
        .code(0);
    assert_eq!(category(&ids[0]), "2nIemC002027");
    let line = format!(
        "offer-sources duplicate {} --set category=Evergreen --yes",
        ids[0]
    );
    let copy = world.run(&line).code(0).out;
    assert_eq!(category(copy.trim()), "2nIemC000001");
    let rows = "id,offerParams.idOfferSource\n2nIemP000002,Source 1\n";
    world.run_with("pages import - --yes", rows).code(0);
    assert_eq!(
        body(&world, "page", "2nIemP000002").pointer("/offerParams/idOfferSource"),
        Some(&json!(ids[0]))
    );

    let count = world.fake.state().assets("offersource").count();
    let whole = "pages set 2nIemP000002 --yes --set offerParams={\"idOfferSource\":\"Source\"}";
    for (refused, code, expected) in [
        (
            create("evergreen"),
            1,
            "idCategory: no category has this ID or name: \"evergreen\"",
        ),
        (
            create("Gone"),
            2,
            "idCategory: the category 2nIemC000099 is deleted; nothing was sent",
        ),
        (
            world.run(&format!("offer-sources set {} --set category=1.10 --yes", ids[0])),
            2,
            "idCategory: expected an ID or a name, actual the number 1.1",
        ),
        (
            edited(1, "s/\"idCategory\": \"[^\"]*\"/\"idCategory\": \"evergreen\"/"),
            1,
            "idCategory: no category has this ID or name: \"evergreen\"; nothing was sent",
        ),
        (
            edited(1, "s/\"idCategory\": \"[^\"]*\"/\"idCategory\": {}/"),
            2,
            "error: idCategory: expected an ID or a name, actual {}",
        ),
        (
            ran(world.command(whole.split(' ')), ""),
            1,
            "offerParams.idOfferSource: no offer source has this ID or name: \"Source\"",
        ),
        (
            world.run_with(
                "pages import - --yes",
                "id,offerParams.idOfferSource\n2nIemP000002,Source\n",
            ),
            1,
            "stdin: offerParams.idOfferSource: no offer source has this ID or name: \"Source\"",
        ),
    ] {
        let refused = refused.code(code);
        assert!(refused.err.contains(expected), "{}", refused.err);
    }
    assert_eq!(world.fake.state().assets("offersource").count(), count);
}

#[test]
fn a_search_for_names_states_that_its_operations_are_inferred() {
    let (world, ids) = world();
    world.fake.seed_category("2nIemC000001", "Evergreen");
    let note = "note: the operations on categories are inferred, not documented by the vendor\n";
    for line in [
        format!("offer-sources set {} --yes --set category=", ids[0]),
        format!("offer-sources duplicate {} --yes --into ", ids[0]),
        format!("offer-sources move {} --yes --to ", ids[0]),
    ] {
        let named = world.run(&format!("{line}Evergreen")).code(0);
        assert!(named.err.contains(note), "{line}: {}", named.err);
        // An ID needs no search.
        let with_id = world.run(&format!("{line}2nIemC000001")).code(0);
        assert!(!with_id.err.contains(note), "{line}: {}", with_id.err);
    }
}

#[test]
fn a_repeated_name_in_json_is_refused() {
    let (world, ids) = world();
    let name = "\"offerSourceName\"";
    let twice = format!("{{\n  {name}: \"A\",\n  {name}: \"B\"\n}}");
    let problem = "the name \"offerSourceName\" occurs twice in an object";
    let refused = world
        .run_with("offer-sources create --json - --yes", &twice)
        .code(2);
    assert_eq!(
        refused.err,
        format!("error: stdin:3:3: {problem}\nfix: remove one of the two\n")
    );
    let body_of_call = world
        .run_with("call save_offer_source --json - --yes", &twice)
        .code(2);
    assert!(body_of_call.err.contains(problem), "{}", body_of_call.err);
    let line = format!("offer-sources edit {} --yes", ids[0]);
    let edited = edit(&world, &line, "sed -i '/offerSourceName/{p;p}' \"$1\"").code(2);
    assert!(edited.err.contains(problem), "{}", edited.err);
    let value = "queryParams:={\"a\":\"1\",\"a\":\"2\"}".to_owned();
    let line = ["offer-sources", "set", &ids[0], "--yes", "--set", &value];
    let set = ran(world.command(line), "").code(2);
    let expected =
        "the name \"a\" occurs twice in an object\nfix: remove one of the two, or write --set-string";
    assert!(set.err.contains(expected), "{}", set.err);
    let rows = format!("{{\"id\":\"{}\",\"id\":\"{}\"}}\n", ids[0], ids[1]);
    let archived = world.run_with("offer-sources archive - --yes", &rows).code(2);
    assert!(
        archived.err.contains("stdin:1:22: the name \"id\" occurs twice"),
        "{}",
        archived.err
    );
    assert_eq!(world.count("active"), 4);
    assert_eq!(
        body(&world, "offersource", &ids[0])["offerSourceName"],
        "Source 1"
    );
}

#[test]
fn misspelled_properties_are_refused() {
    let (world, ids) = world();
    let before = world.fake.state().assets("offersource").count();
    let id = &ids[0];
    for line in [
        format!("offer-sources set {id} --set offerSourceNmae=x --yes"),
        "offer-sources create --set offerSourceNmae=x --yes".to_owned(),
        format!("offer-sources duplicate {id} --set offerSourceNmae=x --yes"),
    ] {
        let refused = world.run(&line).code(2);
        assert_eq!(
            refused.err,
            "error: offerSourceNmae is not a field of any of the offer sources; a similar field is \
             offerSourceName; nothing was sent\nfix: correct the name, or allow it with --new-fields\n",
            "{line}"
        );
    }
    let line = format!("offer-sources edit {id} --yes");
    let refused = edit(&world, &line, "sed -i s/offerSourceName/offerSourceNmae/ \"$1\"").code(2);
    assert!(
        refused.err.contains("a similar field is offerSourceName"),
        "{}",
        refused.err
    );
    assert_eq!(world.fake.state().assets("offersource").count(), before);
    assert!(body(&world, "offersource", id).get("offerSourceNmae").is_none());
    world
        .run(&format!(
            "offer-sources set {id} --set offerSourceNmae=x --new-fields --yes"
        ))
        .code(0);
    assert_eq!(body(&world, "offersource", id)["offerSourceNmae"], "x");
    let nested = world.run(&format!(
        "pages set 2nIemP000001 --set offerParams.idOffersource={id} --yes"
    ));
    let similar = "offerParams.idOffersource is not a field of any of the pages; a similar field is \
                   offerParams.idOfferSource";
    assert!(nested.code(2).err.contains(similar));
    // A new field inside `queryParams` is accepted, because users choose the names of query parameters.
    fs::write(world.path("rows.csv"), format!("id,queryParams.other\n{id},y\n")).unwrap();
    world.run("offer-sources import rows.csv --yes").code(0);
    assert_eq!(body(&world, "offersource", id)["queryParams"]["other"], "y");
    world
        .run(&format!("offer-sources set {id} --set queryParams.new=x --yes"))
        .code(0);
    assert_eq!(body(&world, "offersource", id)["queryParams"]["new"], "x");
}

#[test]
fn assets_are_created_once_and_their_ids_are_printed() {
    let (world, _) = World::new(0);
    let one = world
        .run("offer-sources create --set name='First one' --set postbackTxId=a --yes")
        .code(0);
    let one = one.out.trim().to_owned();
    assert_eq!(body(&world, "offersource", &one)["offerSourceName"], "First one");
    let list = r#"[{"offerSourceName": "A"}, {"offerSourceName": "B", "idOfferSource": "2nIemS000001"}]"#;
    let two = world
        .run_with("offer-sources create --json - --yes", list)
        .code(0);
    assert_eq!(two.out.lines().count(), 2);
    assert!(two.out.contains("2nIemS000001"));
    assert_eq!(world.fake.state().assets("offersource").count(), 3);
    let invalid = world
        .run_with("offer-sources create --json - --yes", "{\n\"a\": }")
        .code(2);
    assert!(invalid.err.contains("stdin:2:6: invalid JSON"), "{}", invalid.err);
    let nothing = world.run("offer-sources create --yes").code(2);
    assert!(
        nothing.err.contains("there is nothing to create"),
        "{}",
        nothing.err
    );
    assert_eq!(world.fake.state().assets("offersource").count(), 3);
}

#[test]
fn a_spreadsheet_makes_a_round_trip() {
    let (world, ids) = world();
    let csv = world.run("offer-sources list -o csv --all-fields").code(0).out;
    fs::write(world.path("all.csv"), &csv).unwrap();
    // The unedited file changes nothing.
    let same = world.run("offer-sources import all.csv --yes").code(0);
    assert!(same.err.contains("nothing to change"), "{}", same.err);
    let mut edited = csv
        .replace("Source 2", "\"Quelle, zwei\"")
        .replace("Source 3", "");
    let columns = csv.lines().next().unwrap().split(',').count();
    let name = csv
        .lines()
        .next()
        .unwrap()
        .split(',')
        .position(|column| column == "offerSourceName")
        .unwrap();
    let mut row = vec![""; columns];
    row[name] = "New row";
    edited.push_str(&row.join(","));
    edited.push('\n');
    fs::write(world.path("edited.csv"), edited).unwrap();
    let plan = world.run("offer-sources import edited.csv --plan").code(0);
    assert!(
        plan.out.contains("2 assets, 1 to create, 1 to save"),
        "{}",
        plan.out
    );
    world.run("offer-sources import edited.csv --yes").code(0);
    assert_eq!(
        body(&world, "offersource", &ids[1])["offerSourceName"],
        "Quelle, zwei"
    );
    // An empty cell leaves the value unchanged.
    assert_eq!(
        body(&world, "offersource", &ids[2])["offerSourceName"],
        "Source 3"
    );
    let state = world.fake.state();
    let mut names = state
        .assets("offersource")
        .map(|asset| asset.body["offerSourceName"].clone());
    assert!(names.any(|name| name == "New row"));
}

#[test]
fn imported_categories_have_names_or_ids() {
    let (world, ids) = World::new(3);
    world.fake.seed_category("2nIemC000001", "Evergreen");
    world.fake.seed_category("2nIemC000002", "2nIemC000002");
    let import = |text: &str| world.run_with("offer-sources import - --yes", text);
    let category = |id: &str| body(&world, "offersource", id)["idCategory"].clone();
    let rows = format!(
        "id,category\n{},Evergreen\n{},2nIemC000002\n{},\n",
        ids[0], ids[1], ids[2]
    );
    import(&rows).code(0);
    assert_eq!(category(&ids[0]), "2nIemC000001");
    assert_eq!(category(&ids[1]), "2nIemC000002");
    let unknown = import(&format!(
        "id,category\n{},Evergreen\n{},Evergren\n",
        ids[1], ids[2]
    ))
    .code(1);
    let expected =
        "error: stdin: idCategory: no category has this ID or name: \"Evergren\"; nothing was sent";
    assert!(unknown.err.contains(expected), "{}", unknown.err);
    assert_eq!(category(&ids[1]), "2nIemC000002");
    import(&format!(
        "id,category\n{},\"\"\"\"\"\"\n{},\"\"\n",
        ids[0], ids[1]
    ))
    .code(0);
    assert_eq!(
        (category(&ids[0]), category(&ids[1])),
        (json!(""), json!("2nIemC000002"))
    );
}

#[test]
fn wrong_rows_name_their_line_and_nothing_is_sent() {
    let (world, ids) = world();
    let mut page = String::new();
    for text in [
        format!("id,nonsense\n{},1\n", ids[0]),
        format!("id,name\n{},a\n\n2nIemS999999,b\n", ids[0]),
        format!("id,name\n{0},a\n{0},b\n", ids[0]),
        format!("id,meta.version\n{},one\n", ids[0]),
        format!("id,name\n{},a,b\n", ids[0]),
        "id,name\n".to_owned(),
    ] {
        let before = world.fake.state();
        let ran = world.run_with("offer-sources import - --yes", &text).code(2);
        page.extend([&text, &ran.err, "\n"]);
        assert!(
            before
                .assets("offersource")
                .eq(world.fake.state().assets("offersource"))
        );
    }
    insta::assert_snapshot!("wrong_rows", golden(&page, &ids));
}

#[test]
fn an_offer_is_swapped_and_the_swap_undone() {
    let (world, ids) = world();
    let plan = world
        .run("offer-sources replace 'Source 1' 'Source 2' --groups pages --plan")
        .code(0);
    insta::assert_snapshot!("replace", golden(&plan.out, &ids));
    let swapped = world
        .run("offer-sources replace 'Source 1' 'Source 2' --groups pages --yes")
        .code(0);
    let source = |page: &str| body(&world, "page", page)["offerParams"]["idOfferSource"].clone();
    assert_eq!(source("2nIemP000001"), ids[1].as_str());
    let used = world.run("offer-sources where-used 'Source 1' -q").code(0);
    assert_eq!(used.out, "");
    let (_, undo) = swapped.err.split_once("undo with: funnelflux ").unwrap();
    world
        .run(&format!("{} --yes", undo.lines().next().unwrap()))
        .code(0);
    assert_eq!(source("2nIemP000001"), ids[0].as_str());
    for (options, whose) in [("--groups pages", "pages"), ("", "assets")] {
        let line =
            format!("offer-sources replace 'Source 3' 'Source 4' --at offerParams.idOfferSorce {options}");
        let refused = world.run(&format!("{line} --plan")).code(2);
        let expected = format!(
            "error: offerParams.idOfferSorce is not a field of any of the {whose}; a similar field is \
             offerParams.idOfferSource\nfix: correct the path\n"
        );
        assert!(refused.err.contains(&expected), "{}", refused.err);
    }
    let line = "offer-sources replace 'Source 3' 'Source 4' --groups pages --at";
    let own = world
        .run(&format!("{line} offerParams.idOfferSource --yes"))
        .code(0);
    assert!(own.err.contains("1 done"), "{}", own.err);
    let other = world.run(&format!("{line} pageName --plan")).code(0);
    assert!(!other.err.contains("error"), "{}", other.err);
    let missing = world
        .run("offer-sources replace 'Source 1' Nothing --yes")
        .code(1);
    assert!(missing.err.contains("\"Nothing\""), "{}", missing.err);
}

#[test]
fn the_newest_job_is_undone_without_naming_its_journal() {
    let (world, ids) = world();
    let line = format!("offer-sources archive {} --children cascade --yes", ids[0]);
    world.run(&line).code(0);
    assert_eq!(body(&world, "page", "2nIemP000001")["status"], "archived");
    let plan = world.run("undo --plan").code(0);
    insta::assert_snapshot!("undo", golden(&plan.out, &ids));
    world.run("undo --yes").code(0);
    assert_eq!(world.status(&ids[0]), "active");
    assert_eq!(body(&world, "page", "2nIemP000001")["status"], "active");
    // A second undo refers to the same job and not to the first undo, so it changes nothing.
    let second = world.run("undo --yes").code(0);
    assert!(second.err.contains("nothing to change"), "{}", second.err);
    assert_eq!(world.status(&ids[0]), "active");
    let (other, _) = World::new(1);
    let journal = fs::read_dir(world.path("state/environment")).unwrap();
    let journal = journal.filter_map(Result::ok).map(|entry| entry.path());
    let journal = journal
        .filter(|path| path.to_string_lossy().contains("archive"))
        .min()
        .unwrap();
    let refused = other.run(&format!("undo {} --yes", journal.display())).code(2);
    assert!(refused.err.contains("belongs to the base URL"), "{}", refused.err);
}

#[test]
fn a_plan_that_leaves_out_an_asset_exits_with_3() {
    let (world, ids) = world();
    let config = json!({
        "idMiddlewareConfig": "2nIemM000001",
        "middlewareConfigName": "Mine",
        "destination": { "url": "https://example.com", "hasHmacSecret": true, "hmacSecret": "x" },
    });
    assert!(world.fake.seed("middlewareconfig", config));
    world.run("export backup").code(0);
    // A secret is never in a snapshot, so it is no reason to fail.
    let copy = world.run("plan backup --copy").code(0);
    assert!(copy.out.contains(": the secret at "), "{}", copy.out);
    world.fake.seed_page("2nIemP000009", &ids[0]);
    let own = world.run("plan backup").code(0);
    assert!(
        own.out.contains("1 asset of the account is not in"),
        "{}",
        own.out
    );
    world
        .run(&format!("offer-sources delete {} --yes", ids[1]))
        .code(0);
    let plan = world.run("plan backup --out plan.json").code(3);
    let deleted = format!("offer-sources/{} was deleted from the account", ids[1]);
    assert!(plan.out.contains(&deleted), "{}", plan.out);
}

#[test]
fn a_replacement_that_leaves_out_an_asset_exits_with_3() {
    let (world, ids) = world();
    world.fake.seed_page("2nIemP000009", &ids[0]);
    // A longer text that contains the ID is no reference, and a complete replacement leaves it alone.
    world
        .fake
        .set("page", "2nIemP000009", "description", format!("see {}", ids[0]));
    let line = "offer-sources replace 'Source 1' 'Source 2' --groups pages";
    let whole = world.run(&format!("{line} --plan")).code(0);
    assert!(whole.out.contains("/description"), "{}", whole.out);
    // The program cannot save this page, because a number of it would be rounded.
    let digits = number("0.1234567890123456789");
    world.fake.set("page", "2nIemP000001", "bid", digits);
    let plan = world.run(&format!("{line} --plan")).code(3);
    assert!(
        plan.out.contains("pages/2nIemP000001 could not be read"),
        "{}",
        plan.out
    );
    world.run(&format!("{line} --yes")).code(3);
    let source = |page: &str| body(&world, "page", page)["offerParams"]["idOfferSource"].clone();
    assert_eq!(
        (source("2nIemP000009"), source("2nIemP000001")),
        (json!(ids[1]), json!(ids[0]))
    );
}

/// The exit code 5 means that the service refused the change, so a script may correct the change. Here, the
/// program sends nothing.
#[test]
fn an_asset_that_the_program_rejects_itself_is_no_refusal_of_the_service() {
    let (world, ids) = world();
    let line = format!("offer-sources set {} --set name=Mine --out plan.json", ids[0]);
    world.run(&line).code(0);
    world
        .fake
        .set("offersource", &ids[0], "offerSourceName", "Theirs");
    let requests = world.fake.log().len();
    let stale = world.run("apply plan.json --yes --errors json").code(1);
    assert!(
        stale.err.contains("changed since the plan was made"),
        "{}",
        stale.err
    );
    assert!(stale.err.contains("\"exit_code\":1"), "{}", stale.err);
    let sent = world.fake.log().into_iter().skip(requests);
    let sent: Vec<String> = sent.map(|entry| entry.method.to_string()).collect();
    assert!(sent.iter().all(|method| method == "GET"), "{sent:?}");
    let refusal = Rule::new(Fault::status(403)).on("PUT /offersource/save/");
    world.fake.inject(refusal.times(9));
    let line = format!("offer-sources set {} --set name=Mine --yes", ids[0]);
    world.run(&line).code(5);
    world.fake.clear_faults();
    // An edited text is not lost if somebody else has changed the asset in the meantime.
    let edited = world.path("edited");
    let meddle = format!(
        "sed -i 's/Source 2/By hand/' \"$1\"; touch {edited}; while test -e {edited}; do sleep 0.1; done"
    );
    let line = format!("offer-sources edit {} --yes", ids[1]);
    let ran = std::thread::scope(|scope| {
        let ran = scope.spawn(|| edit(&world, &line, &meddle));
        let begin = Instant::now();
        while !fs::exists(&edited).unwrap() && begin.elapsed() < Duration::from_secs(30) {
            std::thread::sleep(Duration::from_millis(20));
        }
        world
            .fake
            .set("offersource", &ids[1], "offerSourceName", "Theirs");
        fs::remove_file(&edited).unwrap();
        ran.join().unwrap()
    });
    let stale = ran.code(1);
    let (_, path) = stale.err.split_once("note: the edited text is in ").unwrap();
    let kept = fs::read_to_string(path.trim()).unwrap();
    assert!(kept.contains("By hand"), "{kept}");
    fs::remove_file(path.trim()).unwrap();
}

#[test]
fn a_snapshot_is_edited_planned_reviewed_and_applied() {
    let (world, ids) = world();
    world.run("export backup").code(0);
    let file = world.path(&format!("backup/offer-sources/{}.json", ids[0]));
    let text = fs::read_to_string(&file)
        .unwrap()
        .replace("Source 1", "Renamed in git");
    fs::write(&file, text).unwrap();
    world
        .run(&format!("offer-sources archive {} --yes", ids[1]))
        .code(0);
    let plan = world.run("plan backup --out plan.json --exit-code").code(6);
    // The groups in a snapshot depend on the OpenAPI document, so they are replaced by a placeholder.
    let groups = AssetGroup::all().iter().filter(|group| group.abilities().list);
    let groups = groups.map(|group| group.name()).collect::<Vec<_>>().join(", ");
    let text = golden(&plan.out, &ids).replace(&groups, "[groups]");
    insta::assert_snapshot!("plan_of_snapshot", text);
    let refused = world.run("apply plan.json").code(2);
    assert!(refused.err.contains("needs a confirmation"), "{}", refused.err);
    // Somebody else changes an asset of the plan before the plan is applied.
    world
        .fake
        .set("offersource", &ids[0], "postbackTxId", "by someone else");
    let stale = world.run("apply plan.json --yes").code(3);
    assert!(stale.err.contains("1 done, 1 rejected"), "{}", stale.err);
    assert_eq!(
        body(&world, "offersource", &ids[0])["offerSourceName"],
        "Source 1"
    );
    assert_eq!(world.status(&ids[1]), "active");
    world.run("apply plan.json --rebase --yes").code(0);
    let body = body(&world, "offersource", &ids[0]);
    assert_eq!(
        (&body["offerSourceName"], &body["postbackTxId"]),
        (&json!("Renamed in git"), &json!("by someone else"))
    );
    world.run("plan backup --exit-code --groups pages").code(0);
}

#[test]
fn a_killed_plan_continues_and_creates_nothing_twice() {
    let (world, _) = World::new(0);
    let rows = (0..40).map(|number| format!("Row {number}\n"));
    fs::write(
        world.path("rows.csv"),
        format!("name\n{}", rows.collect::<String>()),
    )
    .unwrap();
    world
        .run("offer-sources import rows.csv --new-fields --out plan.json")
        .code(0);
    let created = || world.fake.state().assets("offersource").count();
    kill_when(
        &world,
        "apply plan.json --yes --journal job.jsonl --jobs 1 --rate 40",
        || created() >= 5,
    );
    assert!((5..40).contains(&created()), "{}", created());
    let done = world.run("apply plan.json --yes --journal job.jsonl").code(0);
    assert!(done.err.contains("40 done"), "{}", done.err);
    assert_eq!(created(), 40);
    let (other, _) = World::new(1);
    let refused = other
        .run(&format!("apply {} --yes", world.path("plan.json")))
        .code(2);
    assert!(refused.err.contains("belongs to the base URL"), "{}", refused.err);
    assert_eq!(other.fake.state().assets("offersource").count(), 1);
}

/// Runs the program, and kills it once the condition is met.
fn kill_when(world: &World, line: &str, condition: impl Fn() -> bool) {
    let mut command = world.command(words(line));
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let begin = Instant::now();
    while !condition() && begin.elapsed() < Duration::from_mins(1) {
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn jobs_are_listed_with_the_commands_that_continue_or_undo_them() {
    let (world, ids) = World::new(40);
    assert_eq!(world.run("jobs -o ndjson").code(0).out, "");
    let done = world
        .run(&format!("offer-sources archive {} --yes", ids[0]))
        .code(0);
    let undo = done
        .err
        .lines()
        .find_map(|line| line.strip_prefix("note: undo with: funnelflux "));
    let changed = || {
        let state = world.fake.state();
        let assets = state.assets("offersource");
        assets.filter(|asset| asset.body["postbackTxId"] == "tx2").count()
    };
    fs::write(world.path("ids.txt"), ids[1..].join("\n")).unwrap();
    let line = "offer-sources set --ids-from ids.txt --set postbackTxId=tx2 --yes --jobs 1 --rate 60";
    kill_when(&world, line, || changed() >= 5);
    let before = changed();
    assert!((5..39).contains(&before), "{before}");
    let jobs = world.run("jobs -o json").code(0);
    let jobs: Vec<Value> = serde_json::from_str(&jobs.out).unwrap();
    let [set, archive] = jobs.as_slice() else {
        panic!("{jobs:?}")
    };
    assert_eq!(set["job"], "set postbackTxId of offer sources");
    let left = set["left"].as_u64().unwrap();
    // Changes that were not read back yet are also counted as left.
    assert!(
        (39 - before as u64..=39).contains(&left),
        "{left} left, {before} changed"
    );
    assert_eq!(archive["left"], 0);
    let next = |job: &Value| {
        job["next"]
            .as_str()
            .unwrap()
            .strip_prefix("funnelflux ")
            .unwrap()
            .to_owned()
    };
    assert_eq!(Some(next(archive).as_str()), undo);
    world.run(&format!("{} --yes", next(set))).code(0);
    assert_eq!(changed(), 39);
    assert_eq!(world.run("jobs --filter left>0 -o ndjson").code(0).out, "");
    world.run(&format!("{} --yes", next(archive))).code(0);
    assert_eq!(world.status(&ids[0]), "active");
}

#[test]
fn no_command_undoes_a_deletion() {
    let (world, ids) = World::new(2);
    let copied = world
        .run(&format!("offer-sources duplicate {} --yes", ids[0]))
        .code(0);
    assert!(
        copied.err.contains("undo with: funnelflux undo"),
        "{}",
        copied.err
    );
    let undone = world.run("undo --yes").code(0);
    assert_eq!(world.status(copied.out.trim()), "deleted");
    let deleted = world
        .run(&format!("offer-sources delete {} --yes", ids[1]))
        .code(0);
    for ran in [undone, deleted] {
        assert!(!ran.err.contains("undo with"), "{}", ran.err);
    }
    let jobs = world.run("jobs -o json").code(0);
    let jobs: Vec<Value> = serde_json::from_str(&jobs.out).unwrap();
    let has_next = jobs.iter().map(|job| job["next"] != "");
    assert_eq!(has_next.collect::<Vec<_>>(), [false, false, true]);
}

#[test]
fn a_set_of_assets_moves_to_another_account() {
    let (world, ids) = world();
    world
        .run("export set.tar.gz --groups offer-sources,pages")
        .code(0);
    let (other, _) = World::new(0);
    let file = world.path("set.tar.gz");
    other.run(&format!("plan {file} --copy --out plan.json")).code(0);
    other.run("apply plan.json --yes").code(0);
    let state = other.fake.state();
    let page = state
        .assets("page")
        .find(|page| page.body["pageName"] == "Page 2nIemP000001")
        .unwrap();
    let source = page.body["offerParams"]["idOfferSource"].as_str().unwrap();
    assert!(!ids.iter().any(|id| id == source));
    let source = state.asset("offersource", source).unwrap();
    assert_eq!(source.body["offerSourceName"], "Source 1");
}

#[test]
fn an_inferred_deletion_in_a_plan_needs_an_acknowledgement_and_no_plan_is_an_error() {
    let (world, _) = world();
    world.run("export backup").code(0);
    world.fake.seed_page("2nIemP000009", "");
    world.run("plan backup --others delete --out plan.json").code(0);
    let operations = funnelflux::operations::GROUPS;
    let mut operations = operations.iter().copied().flatten();
    if operations.any(|operation| operation.id == "delete_pages" && operation.requires_acknowledgement) {
        let refused = world.run("apply plan.json --yes").code(2);
        assert!(refused.err.contains("--accept-inferred"), "{}", refused.err);
        assert_eq!(body(&world, "page", "2nIemP000009")["status"], "active");
    }
    world.run("apply plan.json --yes --accept-inferred").code(0);
    assert_eq!(body(&world, "page", "2nIemP000009")["status"], "deleted");
    let absent = world.run("apply absent.json --yes").code(2);
    assert!(absent.err.contains("absent.json"), "{}", absent.err);
    fs::write(world.path("other.json"), "{}").unwrap();
    let other = world.run("apply other.json --yes").code(2);
    assert!(other.err.contains("not a plan"), "{}", other.err);
}

/// Runs `edit` with a shell command as the editor.
fn edit(world: &World, line: &str, editor: &str) -> Ran {
    let script = world.path("editor.sh");
    fs::write(&script, editor).unwrap();
    let mut command = world.command(words(line));
    command.env("EDITOR", format!("sh {script}"));
    ran(command, "")
}

#[test]
fn an_asset_is_edited_in_the_users_editor() {
    let (world, ids) = world();
    let line = format!("offer-sources edit {} --yes", ids[0]);
    let unchanged = edit(&world, &line, "true").code(0);
    assert!(unchanged.err.contains("unchanged"), "{}", unchanged.err);
    edit(&world, &line, "sed -i 's/Source 1/By hand/' \"$1\"").code(0);
    assert_eq!(body(&world, "offersource", &ids[0])["offerSourceName"], "By hand");
    for (editor, problem) in [
        ("echo '{' > \"$1\"", "invalid JSON"),
        ("echo '[]' > \"$1\"", "not a JSON object"),
        ("sed -i '/idOfferSource/d' \"$1\"", "cannot be changed"),
    ] {
        let failed = edit(&world, &line, editor).code(2);
        assert!(failed.err.contains(problem), "{}", failed.err);
    }
    let without = world.run(&line).code(2);
    assert!(without.err.contains("set $EDITOR"), "{}", without.err);
    let failed = edit(&world, &line, "exit 3").code(1);
    assert!(failed.err.contains("nothing was sent"), "{}", failed.err);
    assert_eq!(body(&world, "offersource", &ids[0])["offerSourceName"], "By hand");
}

//! Tests of `export`, `compare` and `where-used`.

use crate::support::World;
use funnelflux_fake::{Fault, Rule};
use std::fs;

fn world() -> (World, Vec<String>) {
    let (world, ids) = World::new(3);
    world.fake.seed_page("2nIemP000001", &ids[0]);
    world.fake.seed_page("2nIemP000002", &ids[1]);
    world.fake.seed_category("2nIemC000001", "Evergreen");
    world
        .fake
        .set("offersource", &ids[2], "idCategory", "2nIemC000001");
    (world, ids)
}

#[test]
fn an_account_is_exported_and_compared() {
    let (world, ids) = world();
    let exported = world.run("export backup").code(0);
    assert!(
        exported.err.contains("6 assets are in backup"),
        "{}",
        exported.err
    );
    let file = world.path(&format!("backup/offer-sources/{}.json", ids[0]));
    assert!(fs::read_to_string(&file).unwrap().contains(&ids[0]));
    let equal = world.run("compare backup").code(0);
    assert_eq!(equal.out, "0 changed, 0 added, 0 removed, 6 equal\n");

    world
        .run(&format!("offer-sources archive {} --yes", ids[0]))
        .code(0);
    world
        .fake
        .set("page", "2nIemP000002", "baseURL", "https://other.example");
    world.fake.seed_offer_source("2nIemS000009");
    let differs = world.run("compare backup").code(6);
    insta::assert_snapshot!("compare", differs.out.replace(&ids[0], "[first]"));
    let json = world
        .run("compare backup -o json --jq '.differences | length'")
        .code(6);
    assert_eq!(json.out, "3\n");

    world.run("export later.tar.gz").code(0);
    assert_eq!(world.run("compare backup later.tar.gz").code(6).out, differs.out);
    assert_eq!(
        world.run("compare later.tar.gz").code(0).out,
        "0 changed, 0 added, 0 removed, 7 equal\n"
    );
}

#[test]
fn a_rejected_token_ends_an_export_at_the_first_request() {
    let (world, ids) = world();
    world.fake.inject(Rule::new(Fault::status(401)).always());
    for line in [
        "export backup --accept-incomplete",
        "export backup.tar.gz",
        &format!("offer-sources where-used {}", ids[0]),
    ] {
        let before = world.fake.request_count();
        let failed = world.run(line).code(4);
        assert!(
            failed.err.contains("renew the token in the environment"),
            "{line}: {}",
            failed.err
        );
        assert_eq!(world.fake.request_count() - before, 1, "{line}");
    }
    world.fake.clear_faults();
    world.run("export backup").code(0);
}

#[test]
fn a_snapshot_of_another_account_or_none_is_an_error() {
    let (world, _) = world();
    world.run("export backup --groups offer-sources").code(0);
    let (other, _) = World::new(1);
    let mut command = other.command(["compare", &world.path("backup")]);
    command.env("FUNNELFLUX_BASE_URL", other.server.base_url());
    let refused = crate::support::ran(command, "").code(2);
    assert!(refused.err.contains("belongs to the base URL"), "{}", refused.err);
    let none = world.run("compare absent").code(2);
    assert!(none.err.contains("absent"), "{}", none.err);
    let group = world.run("export x --groups nothing").code(2);
    assert!(
        group.err.contains("there is no group \"nothing\""),
        "{}",
        group.err
    );
    fs::write(world.path("file.txt"), "x").unwrap();
    world.run("compare file.txt").code(2);
}

#[test]
fn the_places_that_name_an_asset_are_listed() {
    let (world, ids) = world();
    let used = world
        .run(&format!("offer-sources where-used {} -o csv", ids[0]))
        .code(0);
    let expected = format!(
        "used,group,id,path,relation\n{},pages,2nIemP000001,/offerParams/idOfferSource,parent\n",
        ids[0]
    );
    assert_eq!(used.out, expected);
    let category = world.run("categories where-used Evergreen --jq '.[].id'").code(0);
    assert_eq!(category.out.trim(), ids[2]);
    let unused = world
        .run(&format!("offer-sources where-used {} -o csv --no-header", ids[2]))
        .code(0);
    assert_eq!(unused.out, "");
    world.run("export backup").code(0);
    let line = format!("offer-sources where-used {} --snapshot backup -o csv", ids[0]);
    assert_eq!(world.run(&line).code(0).out, expected);
}

//! Tests of login, profiles and errors of authentication.

use crate::support::{Ran, World, ran, words};
use funnelflux_fake::{Fault, Rule};
use std::fs;

/// Runs the program without an account in the environment.
fn run(world: &World, line: &str, input: &str) -> Ran {
    ran(world.anonymous(words(line)), input)
}

fn login(world: &World, options: &str) -> Ran {
    let tokens = format!(
        "{}\n{}\n",
        world.fake.access_token(),
        world.fake.refresh_token().unwrap()
    );
    run(
        world,
        &format!(
            "auth login --file --base-url {} {options}",
            world.server.base_url()
        ),
        &tokens,
    )
}

#[test]
fn the_fix_for_a_rejected_token_names_the_profile() {
    let (world, _) = World::new(1);
    login(&world, "").code(0);
    login(&world, "--profile second").code(0);
    world.fake.inject(Rule::new(Fault::status(401)).always());
    let fix = |options: &str| {
        let line = format!("offer-sources list{options}");
        let err = run(&world, &line, "").code(4).err;
        err.lines().last().unwrap().to_owned()
    };
    assert_eq!(fix(""), "fix: log in again: funnelflux auth login");
    assert_eq!(
        fix(" --profile second"),
        "fix: log in again: funnelflux auth login --profile second"
    );
}

#[test]
fn tokens_are_stored_used_renewed_and_removed() {
    let (world, ids) = World::new(2);
    let none = run(&world, "offer-sources list", "").code(4);
    assert!(none.err.contains("funnelflux auth login"), "{}", none.err);
    let done = login(&world, "").code(0);
    assert!(
        done.out.is_empty() && done.err.contains("which only you can read"),
        "{}",
        done.err
    );
    let file = world.folder.path().join("config/tokens/default.json");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        let folder = file.parent().unwrap();
        assert_eq!(fs::metadata(folder).unwrap().permissions().mode() & 0o777, 0o700);
    }
    let list = run(&world, "offer-sources list -q", "").code(0);
    assert_eq!(list.out.lines().collect::<Vec<_>>(), ids);

    world.fake.expire_access_token();
    run(&world, "offer-sources list -q", "").code(0);
    assert_eq!(world.fake.renewals(), 1);
    let text = fs::read_to_string(&file).unwrap();
    assert!(
        text.contains(&world.fake.access_token()),
        "the renewed token is stored"
    );

    let status = run(&world, "auth status -o json --check", "").code(0);
    let status: serde_json::Value = serde_json::from_str(&status.out).unwrap();
    assert_eq!(status["base_url"], world.server.base_url());
    assert_eq!(status["renews_by_itself"], true);
    assert!(status["valid_until"].is_string(), "{status}");

    run(&world, "auth logout", "").code(0);
    assert!(!file.exists());
    run(&world, "offer-sources list", "").code(4);
}

#[test]
fn a_wrong_token_is_not_stored() {
    let (world, _) = World::new(1);
    let line = format!("auth login --base-url {}", world.server.base_url());
    let wrong = run(&world, &line, "wrong\n").code(4);
    let checked = format!("the tokens were checked by {}", world.server.base_url());
    assert!(
        wrong.err.contains("401") && wrong.err.contains(&checked),
        "{}",
        wrong.err
    );
    assert!(!world.folder.path().join("config").exists());
    for (input, problem) in [("", "no access token"), ("two words\n", "spaces")] {
        let ran = run(&world, &line, input).code(2);
        assert!(ran.err.contains(problem), "{}", ran.err);
    }
    assert_eq!(world.fake.request_count(), 1);
}

#[test]
fn profiles_keep_accounts_apart() {
    let (first, first_ids) = World::new(1);
    let (second, second_ids) = World::new(3);
    login(&first, "--profile first").code(0);
    let tokens = second.fake.access_token();
    let line = format!(
        "auth login --file --profile second --base-url {}",
        second.server.base_url()
    );
    run(&first, &line, &tokens).code(0);
    let list = |options: &str| {
        let ran = run(&first, &format!("offer-sources list -q {options}"), "").code(0);
        ran.out.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(list(""), first_ids, "the first profile is the default");
    // Replacing the tokens of the default profile by tokens of another service requires the name of the
    // profile.
    let line = format!("auth login --file --base-url {}", second.server.base_url());
    let refused = run(&first, &line, &tokens).code(2);
    let problem = "the profile \"first\" has the tokens of another service";
    assert!(refused.err.contains(problem), "{}", refused.err);
    assert!(
        refused.err.contains("--profile first to replace them"),
        "{}",
        refused.err
    );
    assert_eq!(list(""), first_ids);
    assert_eq!(list("--profile second"), second_ids);
    let profiles = run(&first, "auth list -o csv --no-header", "").code(0).out;
    assert_eq!(profiles.lines().count(), 2, "{profiles}");
    // The option has precedence over the profile in the environment.
    let mut command = first.command(words("offer-sources list -q --profile second"));
    command.env("FUNNELFLUX_PROFILE", "first");
    assert_eq!(ran(command, "").code(0).out.lines().count(), 3);
    // The tokens of one service are not sent to another.
    let line = format!(
        "offer-sources list --profile second --base-url {}",
        first.server.base_url()
    );
    let before = first.fake.request_count();
    let wrong = run(&first, &line, "").code(2);
    assert!(wrong.err.contains("base URL"), "{}", wrong.err);
    assert_eq!(first.fake.request_count(), before);
}

#[test]
fn the_next_command_names_the_account_and_is_quoted() {
    let (world, ids) = World::new(1);
    login(&world, "--profile work").code(0);
    let id = ids.first().unwrap();
    let name = || {
        let state = world.fake.state();
        state.asset("offersource", id).unwrap().body["offerSourceName"].clone()
    };
    let before = name();
    let line = format!("offer-sources set {id} --set offerSourceName=New --profile work --out");
    let mut first = words(&line);
    first.push(world.path("my plan.json"));
    let planned = ran(world.anonymous(first), "").code(0);
    // The text after `label` is a command that can be run unchanged, except that it needs `--yes`.
    let follow = |text: &str, label: &str| {
        let command = text.split(label).nth(1).unwrap().lines().next().unwrap();
        let words = shlex::split(command).unwrap();
        let words = words.iter().skip(1).map(String::as_str).chain(["--yes"]);
        ran(world.anonymous(words), "").code(0)
    };
    let applied = follow(&planned.err, "apply the plan with: ");
    assert_eq!(name(), "New");
    follow(&applied.err, "undo with: ");
    assert_eq!(name(), before);
}

#[test]
fn the_configuration_sets_defaults_and_its_errors_are_located() {
    let (world, _) = World::new(2);
    login(&world, "").code(0);
    let path = world.folder.path().join("config/config.toml");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, format!("{text}output = \"yaml\"\n")).unwrap();
    let list = run(&world, "offer-sources list", "").code(0);
    assert!(list.out.starts_with("- idOfferSource"), "{}", list.out);
    for (line, problem) in [
        ("otput = 1", "unknown field `otput`"),
        ("rate = 0", "nonzero"),
        ("[", "config.toml:5"),
    ] {
        fs::write(&path, format!("{text}{line}\n")).unwrap();
        let ran = run(&world, "offer-sources list", "").code(2);
        assert!(
            ran.err.contains(problem) && ran.err.contains("config.toml:"),
            "{}",
            ran.err
        );
    }
    fs::write(&path, format!("{text}output = \"xml\"\n")).unwrap();
    let ran = run(&world, "offer-sources list", "").code(2);
    assert!(ran.err.contains("\"xml\""), "{}", ran.err);
}

#[test]
fn a_service_that_is_down_is_a_failure_that_can_be_repeated() {
    let (world, _) = World::new(1);
    world.refuse_connections();
    let mut command = world.command(words("offer-sources list"));
    command.env("FUNNELFLUX_BASE_URL", "http://127.0.0.1:9/v1");
    let ran = ran(command, "").code(1);
    assert!(
        ran.err.contains("run the same command again later"),
        "{}",
        ran.err
    );
}

#[cfg(all(feature = "keyring", target_os = "linux"))]
#[test]
fn without_a_keyring_the_file_is_announced_and_a_profile_in_the_keyring_is_explained() {
    let (world, ids) = World::new(1);
    let tokens = world.fake.access_token();
    let line = format!("auth login --base-url {}", world.server.base_url());
    let login = run(&world, &line, &tokens).code(0);
    let notes: Vec<&str> = login.err.lines().collect();
    assert_eq!(notes.len(), 2, "{}", login.err);
    assert!(
        notes[0].contains("keyring of the system cannot be used") && notes[0].contains("kept in a file"),
        "{}",
        login.err
    );
    let file = world.path("config/tokens/default.json");
    assert!(notes[1].contains(&file), "{}", login.err);
    let config = world.path("config/config.toml");
    let text = fs::read_to_string(&config).unwrap();
    assert!(fs::exists(&file).unwrap() && !text.contains("tokens ="), "{text}");
    assert_eq!(
        run(&world, "offer-sources list -q", "").code(0).out.trim(),
        ids[0]
    );

    // The profile stores its tokens in a keyring, but there is no keyring on this machine.
    fs::write(
        &config,
        text.replace("[profiles.default]", "[profiles.default]\ntokens = \"keyring\""),
    )
    .unwrap();
    let before = world.fake.request_count();
    for line in ["offer-sources list", "auth status", "auth logout"] {
        let failed = run(&world, line, "");
        assert!(matches!(failed.code, 1 | 2), "{}: {}", failed.code, failed.err);
        assert!(
            failed.err.contains("keyring of the system cannot be used"),
            "{}",
            failed.err
        );
        assert!(failed.err.contains("auth login --file"), "{}", failed.err);
        assert!(!failed.err.contains(&tokens), "{}", failed.err);
    }
    assert_eq!(world.fake.request_count(), before);
    // Another login stores the tokens in a file, although the tokens in the keyring cannot be removed.
    let again = run(&world, &format!("{line} --file"), &tokens).code(0);
    assert!(again.err.contains("could not be removed"), "{}", again.err);
    run(&world, "offer-sources list", "").code(0);
}

#[test]
fn no_error_contains_a_token_and_nothing_is_stored() {
    let (world, _) = World::new(1);
    let url = world.server.base_url();
    let secret = format!("{url}?key=canary-url");
    for (line, input, code, problem) in [
        // A token as an argument is refused. The error does not contain the token.
        (
            "auth login canary-argument".to_owned(),
            "",
            2,
            "cannot be an argument",
        ),
        (
            "auth login --file canary-a canary-b".to_owned(),
            "",
            2,
            "cannot be an argument",
        ),
        ("auth login --token=canary".to_owned(), "", 2, "--token"),
        // Tokens are only sent over HTTPS or to this machine.
        (
            "auth login --no-check --base-url http://example.com".to_owned(),
            "canary-token\n",
            2,
            "unencrypted",
        ),
        (
            format!("auth login --base-url {secret}"),
            "canary-token\n",
            2,
            "must not contain a query",
        ),
        (
            "auth login --base-url https://me:canary@example.com".to_owned(),
            "canary-token\n",
            2,
            "must not contain a user name",
        ),
        (
            format!("auth login --base-url {url}"),
            "canary-token\ncanary-refresh\n",
            4,
            "401",
        ),
        (
            format!("auth login --base-url {url}"),
            "canary token\n",
            2,
            "spaces",
        ),
    ] {
        for format in ["text", "json"] {
            let ran = run(&world, &format!("{line} --errors {format}"), input).code(code);
            assert!(
                ran.err.contains(problem) && ran.out.is_empty(),
                "{line}: {}",
                ran.err
            );
            assert!(!ran.err.contains("canary"), "{line}: {}", ran.err);
        }
    }
    assert!(!world.folder.path().join("config").exists());
    let long = "a".repeat(70_000);
    let endless = run(&world, &format!("auth login --base-url {url}"), &long).code(2);
    assert!(endless.err.contains("more than two tokens"), "{}", endless.err);
    // Errors do not contain tokens of the environment or of the profile either.
    login(&world, "").code(0);
    let file = world.folder.path().join("config/tokens/default.json");
    fs::write(
        &file,
        "{\"access_token\": [\"canary\"], \"refresh_token\": \"canary\"}",
    )
    .unwrap();
    for line in ["offer-sources list", "auth status"] {
        let ran = run(&world, line, "");
        assert!(ran.code != 0 && ran.err.contains("line 1"), "{}", ran.err);
        assert!(!ran.err.contains("canary"), "{}", ran.err);
        let mut command = world.anonymous(words(line));
        command
            .env("FUNNELFLUX_ACCESS_TOKEN", "canary-env")
            .env("FUNNELFLUX_BASE_URL", "http://example.com");
        let plain = ran_code(command, 2);
        assert!(
            plain.err.contains("unencrypted") && !plain.err.contains("canary"),
            "{}",
            plain.err
        );
    }
    let mut command = world.command(words("offer-sources list"));
    command.env("FUNNELFLUX_ACCESS_TOKEN", "canary-env");
    let rejected = ran_code(command, 4);
    assert!(
        rejected.err.contains("401") && !rejected.err.contains("canary"),
        "{}",
        rejected.err
    );
}

fn ran_code(command: std::process::Command, code: i32) -> Ran {
    ran(command, "").code(code)
}

#[cfg(unix)]
#[test]
fn a_token_file_that_others_can_read_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let (world, _) = World::new(1);
    login(&world, "").code(0);
    let file = world.folder.path().join("config/tokens/default.json");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    let before = world.fake.request_count();
    let ran = run(&world, "offer-sources list", "");
    assert!(ran.code != 0 && ran.err.contains("chmod 600"), "{}", ran.err);
    assert_eq!(world.fake.request_count(), before);
}

#[test]
fn a_token_of_the_environment_is_not_sent_to_the_url_of_a_profile() {
    let (world, _) = World::new(1);
    login(&world, "").code(0);
    let before = world.fake.request_count();
    let mut command = world.anonymous(words("auth status -o json"));
    command.env("FUNNELFLUX_ACCESS_TOKEN", "another-account");
    let status = ran_code(command, 0).out;
    let status: serde_json::Value = serde_json::from_str(&status).unwrap();
    assert_eq!(status["base_url"], funnelflux::ClientBuilder::DEFAULT_BASE_URL);
    // An option can name the service to which the token of the environment is sent.
    let line = format!("offer-sources list --base-url {}", world.server.base_url());
    let mut command = world.anonymous(words(&line));
    command.env("FUNNELFLUX_ACCESS_TOKEN", "another-account");
    ran_code(command, 4);
    assert_eq!(world.fake.request_count(), before + 1);
    // The option chooses the profile, and therefore its base URL and its tokens.
    let mut command = world.anonymous(words("offer-sources list -q --profile default"));
    command
        .env("FUNNELFLUX_ACCESS_TOKEN", "another-account")
        .env("FUNNELFLUX_BASE_URL", "http://127.0.0.1:9/v1");
    ran_code(command, 0);
}

#[test]
fn a_login_with_an_expired_token_stores_the_renewed_ones() {
    let (world, _) = World::new(1);
    world.fake.expire_access_token();
    login(&world, "").code(0);
    assert_eq!(world.fake.renewals(), 1);
    let text = fs::read_to_string(world.folder.path().join("config/tokens/default.json")).unwrap();
    assert!(
        text.contains(&world.fake.access_token()),
        "the renewed token is stored"
    );
    run(&world, "offer-sources list", "").code(0);
    assert_eq!(world.fake.renewals(), 1);
}

#[test]
fn names_of_profiles_do_not_collide() {
    let (world, _) = World::new(1);
    login(&world, "--profile work").code(0);
    for (name, problem) in [
        ("Work", "differs from the profile \"work\" in case only"),
        ("environment", "the program uses it itself"),
        ("Fake", "the program uses it itself"),
        ("../work", "not a name of a profile"),
        ("tokens/../work", "not a name of a profile"),
        (".work", "not a name of a profile"),
    ] {
        let refused = run(&world, &format!("offer-sources list --profile {name}"), "").code(2);
        assert!(refused.err.contains(problem), "{}", refused.err);
        let mut command = world.anonymous(words("auth logout"));
        command.env("FUNNELFLUX_PROFILE", name);
        ran_code(command, 2);
    }
    run(&world, "offer-sources list --profile work", "").code(0);
}

#[test]
fn a_journal_or_plan_of_another_profile_is_refused() {
    let (world, ids) = World::new(2);
    login(&world, "--profile office").code(0);
    login(&world, "--profile home").code(0);
    let line = format!("offer-sources archive {} --yes --profile office", ids[0]);
    run(&world, &line, "").code(0);
    let line = format!(
        "offer-sources set {} --set name=New --yes --profile office",
        ids[1]
    );
    run(&world, &line, "").code(0);
    let files = fs::read_dir(world.path("state/office")).unwrap();
    let files: Vec<String> = files
        .map(|file| file.unwrap().path().to_str().unwrap().to_owned())
        .collect();
    let of = |part: &str| files.iter().find(|file| file.contains(part)).unwrap();
    let (journal, plan) = (of("archive"), of(".plan.json"));
    let before = world.fake.request_count();
    for line in [
        format!("undo {journal} --yes"),
        format!("offer-sources archive --resume {journal} --yes"),
        format!(
            "offer-sources archive {} --journal state/office/new.jsonl --yes",
            ids[1]
        ),
        format!("apply {plan} --yes"),
        format!(
            "offer-sources set {} --set name=X --journal {journal} --yes",
            ids[1]
        ),
    ] {
        let refused = run(&world, &format!("{line} --profile home"), "").code(2);
        assert!(
            refused.err.contains("belongs to the profile \"office\"")
                && refused.err.contains("--profile office"),
            "{line}: {}",
            refused.err
        );
        // The environment also names another account, so the command is refused as well.
        assert!(world.run(&line).code(2).err.contains("belongs to the profile"));
    }
    let reads = world
        .fake
        .log()
        .into_iter()
        .skip(usize::try_from(before).unwrap());
    assert!(reads.into_iter().all(|entry| entry.method == "GET"));
    assert_eq!(world.status(&ids[0]), "archived");
    run(&world, &format!("undo {journal} --yes --profile office"), "").code(0);
    assert_eq!(world.status(&ids[0]), "active");
}

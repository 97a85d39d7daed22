//! Table of the tools.

use super::tool::{Action, Kind, MAX_ROWS, Parameter, Tool};
use crate::commands::group::list::STATUSES;

const LIMIT: Parameter = Parameter::optional(
    "limit",
    Kind::Number {
        default: 50,
        maximum: Some(MAX_ROWS),
    },
    "Largest number of rows to return",
);
const OFFSET: Parameter = Parameter::optional(
    "offset",
    Kind::Number {
        default: 0,
        maximum: None,
    },
    "Number of rows to leave out at the beginning",
);
const FIELDS: Parameter = Parameter::optional(
    "fields",
    Kind::Texts,
    "JSON paths of the properties to return, such as id, name or offerParams.idOfferSource. Default: all",
);
const IDS: Parameter = Parameter::required("ids", Kind::Texts, "IDs or exact names of the assets");
const GROUPS_PARAMETER: Parameter = Parameter::optional(
    "groups",
    Kind::Groups,
    "Only the assets of these groups. Default: all groups",
);
const SNAPSHOT: Parameter = Parameter::required(
    "snapshot",
    Kind::Text,
    "Name of the snapshot in the folder; see list_files",
);
const FILE: Parameter = Parameter::required(
    "file",
    Kind::Text,
    "Name of the new file of the plan, such as plan.json; an existing file is never replaced",
);

/// The tools, in the order in which they are listed.
pub(super) static TOOLS: &[Tool] = &[
    Tool::reading(
        "account",
        Action::Account,
        "Reports whose account is in use, until when its token is valid, and which groups of assets there \
         are, each with its abilities and whether the vendor documents it.",
        &[],
    ),
    Tool::reading(
        "list_assets",
        Action::List,
        "Lists the assets of a group. Rows have few properties; name others in filter, sort or fields to \
         read them.",
        &[
            Parameter::required("group", Kind::Group(|abilities| abilities.list), "Group to list"),
            Parameter::optional(
                "status",
                Kind::Choice(&STATUSES),
                "Status of the assets. Default: not-deleted",
            ),
            Parameter::optional(
                "filter",
                Kind::Texts,
                "Conditions that all hold: PATH=VALUE, PATH!=VALUE, PATH~TEXT (contains), PATH<NUMBER or \
                 PATH>NUMBER, such as name~solar",
            ),
            Parameter::optional(
                "sort",
                Kind::Texts,
                "JSON paths to sort by; -PATH sorts in reverse",
            ),
            FIELDS,
            Parameter::optional(
                "all_fields",
                Kind::Flag,
                "Read every asset with all its properties",
            ),
            OFFSET,
            LIMIT,
        ],
    ),
    Tool::reading(
        "get_assets",
        Action::Get,
        "Reads assets with all their properties, by ID or exact name.",
        &[
            Parameter::required(
                "group",
                Kind::Group(|abilities| abilities.find),
                "Group of the assets",
            ),
            IDS,
            FIELDS,
            OFFSET,
            LIMIT,
        ],
    ),
    Tool::reading(
        "where_used",
        Action::WhereUsed,
        "Lists the places where other assets name these assets, in known and unknown fields. Reads the whole \
         account, which takes a while, or a snapshot.",
        &[
            Parameter::required(
                "group",
                Kind::Group(|abilities| abilities.find),
                "Group of the assets",
            ),
            IDS,
            GROUPS_PARAMETER,
            Parameter::optional(
                "snapshot",
                Kind::Text,
                "Name of a snapshot in the folder in which to search; ids are then IDs",
            ),
            OFFSET,
            LIMIT,
        ],
    ),
    Tool::reading(
        "list_operations",
        Action::ListOperations,
        "Lists the operations of the API that read_operation can call, with their parameters.",
        &[OFFSET, LIMIT],
    ),
    Tool::reading(
        "read_operation",
        Action::ReadOperation,
        "Calls an operation of the API that only reads; see list_operations. Operations whose answers may \
         contain secrets, such as API keys, are not offered.",
        &[
            Parameter::required("operation", Kind::Operation, "Name of the operation"),
            Parameter::optional("parameters", Kind::Object, "Parameters of the operation, by name"),
            FIELDS,
            OFFSET,
            LIMIT,
        ],
    ),
    Tool::writing(
        "export_snapshot",
        Action::Export,
        "Writes all assets of the account into a new folder, one JSON file per asset. Takes a while.",
        &[
            Parameter::required("snapshot", Kind::Text, "Name of the new folder, such as backup-1"),
            GROUPS_PARAMETER,
        ],
    ),
    Tool::reading_files(
        "compare_snapshot",
        Action::Compare,
        "Compares a snapshot with the account, or with another snapshot: the differences of each asset.",
        &[
            SNAPSHOT,
            Parameter::optional(
                "other",
                Kind::Text,
                "Name of another snapshot. Default: the account",
            ),
            OFFSET,
            LIMIT,
        ],
    ),
    Tool::reading_files(
        "list_files",
        Action::ListFiles,
        "Lists the plans and snapshots in the folder.",
        &[OFFSET, LIMIT],
    ),
    Tool::reading_files(
        "show_plan",
        Action::ShowPlan,
        "Reads a plan: each asset that it would change, with the old and the new values.",
        &[
            Parameter::required("plan", Kind::Text, "Name of the plan in the folder"),
            OFFSET,
            LIMIT,
        ],
    ),
    Tool::writing(
        "plan_replace",
        Action::PlanReplace,
        "Writes a plan that makes all assets that name one asset name another one, such as an offer swap.",
        &[
            Parameter::required(
                "group",
                Kind::Group(|abilities| abilities.find),
                "Group of the two assets",
            ),
            Parameter::required(
                "old",
                Kind::Text,
                "ID or exact name of the asset that is named now",
            ),
            Parameter::required("new", Kind::Text, "ID or exact name of the asset to name instead"),
            Parameter::optional(
                "groups",
                Kind::Groups,
                "Change only the assets of these groups. Default: all groups whose assets can be changed",
            ),
            Parameter::optional("at", Kind::Text, "Change only the value at this JSON path"),
            FILE,
        ],
    ),
    Tool::writing(
        "plan_set",
        Action::PlanSet,
        "Writes a plan that sets properties of assets.",
        &[
            Parameter::required(
                "group",
                Kind::Group(|abilities| abilities.save),
                "Group of the assets",
            ),
            IDS,
            Parameter::required(
                "set",
                Kind::Object,
                "New values by JSON path, such as {\"name\": \"A\"}",
            ),
            Parameter::optional(
                "new_fields",
                Kind::Flag,
                "Allow fields that no asset has yet. Default: false",
            ),
            FILE,
        ],
    ),
    Tool::writing(
        "plan_archive",
        Action::PlanArchive,
        "Writes a plan that archives assets. Their children stay as they are.",
        &[
            Parameter::required(
                "group",
                Kind::Group(|abilities| abilities.archive),
                "Group of the assets",
            ),
            IDS,
            FILE,
        ],
    ),
    Tool::writing(
        "plan_unarchive",
        Action::PlanUnarchive,
        "Writes a plan that restores assets from the archive.",
        &[
            Parameter::required(
                "group",
                Kind::Group(|abilities| abilities.unarchive),
                "Group of the assets",
            ),
            IDS,
            FILE,
        ],
    ),
    Tool::writing(
        "plan_restore",
        Action::PlanRestore,
        "Writes a plan that makes the account like a snapshot.",
        &[
            SNAPSHOT,
            GROUPS_PARAMETER,
            Parameter::optional(
                "others",
                Kind::Choice(&["leave", "archive"]),
                "Treatment of assets that the snapshot does not have. Default: leave",
            ),
            FILE,
        ],
    ),
    Tool::writing(
        "plan_copy",
        Action::PlanCopy,
        "Writes a plan that copies assets of a snapshot into the account under new IDs. Copies name copies.",
        &[
            SNAPSHOT,
            GROUPS_PARAMETER,
            Parameter::optional(
                "assets",
                Kind::Texts,
                "Copy only these assets, each as GROUP/ID. Default: all",
            ),
            FILE,
        ],
    ),
];

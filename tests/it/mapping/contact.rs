//! First contact: a file of an unknown kind is checked, a mapping proposed for it, and the
//! proposal imported as it is. The result is right, or there was a question about it;
//! nothing is silently wrong.

use std::fmt::Write as _;

use crate::support::Rehearsal;
use crate::support::first_contact::{check, meet, values};

#[test]
fn the_whole_column_tells_the_order_of_day_and_month() {
    // Two days beyond 12 stand at the end of the column.
    let month_first = meet(
        "Ticket ID,Subject,Created\n\
         K-1,one,07-01-2025 06:30:00\nK-2,two,07-02-2025 16:45:10\nK-3,three,06-28-2025 11:11:11\n",
    );
    month_first.has("format = \"%m-%d-%Y %H:%M:%S\"");
    let _ended = month_first.import(0);
    let rows = month_first.tickets("subject,createdate");
    assert_eq!(
        values(&rows, "createdate"),
        [
            "2025-06-28T11:11:11Z",
            "2025-07-01T06:30:00Z",
            "2025-07-02T16:45:10Z"
        ]
    );
    // Two-digit years, American and European.
    for (cells, format) in [
        (["3/14/25 7:30 AM", "12/1/24 11:05 PM"], "%m/%d/%y %I:%M %p"),
        (["14.03.25 07:30", "01.12.24 23:05"], "%d.%m.%y %H:%M"),
        (
            ["14-Mar-2025 07:30:00", "01-Dec-2024 23:05:00"],
            "%d-%b-%Y %H:%M:%S",
        ),
        (
            ["Mar 14, 2025, 7:30 AM", "Dec 1, 2024, 11:05 PM"],
            "%b %d, %Y, %I:%M %p",
        ),
        (
            ["14 de mar. de 2025 07:30", "1 de dez. de 2024 23:05"],
            "%d de %b de %Y %H:%M",
        ),
    ] {
        let file = format!(
            "Id;Subject;Created\n1;a;\"{}\"\n2;b;\"{}\"\n",
            cells[0], cells[1]
        );
        let met = meet(file);
        met.has(&format!("format = \"{format}\""));
        let _ended = met.import(0);
        let rows = met.tickets("createdate");
        let days: Vec<String> = values(&rows, "createdate")
            .iter()
            .map(|time| time[..13].to_owned())
            .collect();
        assert_eq!(days, ["2024-12-01T23", "2025-03-14T07"], "{format}");
    }
}

#[test]
fn what_the_column_leaves_open_is_asked() {
    let met = meet("Id,Subject,Created,Closed\n1,a,03/04/2025 10:00,\n2,b,05/06/2025 11:00,\n");
    met.has(
        "# choose: \"03/04/2025 10:00\" in line 2 is 2025-04-03 by %d/%m/%Y %H:%M, 2025-03-04 \
             by %m/%d/%Y %H:%M.\n",
    )
    .has("# createdate = { column = \"Created\", format = \"%d/%m/%Y %H:%M\" }\n")
    .has("# createdate = { column = \"Created\", format = \"%m/%d/%Y %H:%M\" }\n")
    .said("createdate is commented out, choose its line");
    // Another column of the file proves the order.
    let told = meet(
        "Id,Subject,Created,Closed\n1,a,03/04/2025 10:00,\n2,b,05/06/2025 11:00,13/06/2025 09:00\n",
    );
    told.has("# The order of day and month is that of \"Closed\".\n")
        .has("\ncreatedate = { column = \"Created\", format = \"%d/%m/%Y %H:%M\" }\n");
}

#[test]
fn zero_dates_and_day_numbers_of_spreadsheets_are_read() {
    let met = meet(
        "Id,Subject,Created,Closed\n\
         1,a,45731,0000-00-00 00:00:00\n2,b,45731.5,45732.25\n3,c,45000.75,0000-00-00\n",
    );
    met.has("format = \"spreadsheet\"");
    let ended = met.import(0);
    ended.says("2 dates of zeros");
    let rows = met.tickets("subject,createdate,closed_date");
    assert_eq!(
        values(&rows, "createdate"),
        [
            "2023-03-15T18:00:00Z",
            "2025-03-15T00:00:00Z",
            "2025-03-15T12:00:00Z"
        ]
    );
    assert_eq!(values(&rows, "closed_date")[2], "2025-03-16T06:00:00Z");
    // A mapping that does not say it gets a hint for each refused row.
    let here = Rehearsal::new();
    here.write("in.csv", "Id,Subject,Created\n1,a,45731\n2,b,14/03/2025\n");
    let mapping = met
        .mapping
        .replace("format = \"spreadsheet\"", "format = \"iso\"")
        .replace("closed_date", "# closed_date");
    here.write("m.toml", mapping);
    let ended = here
        .run_embedded("import in.csv -m m.toml --run-dir run")
        .expect(3);
    ended.says("INVALID_DATE");
    let hints = values(&here.rows("run/refused.csv"), "_hint");
    assert!(
        hints[0].contains("format = \"spreadsheet\" reads it as 2025-03-15"),
        "{hints:?}"
    );
    assert!(
        hints[1].contains("format = \"%d/%m/%Y\" reads it as 2025-03-14"),
        "{hints:?}"
    );
}

#[test]
fn codes_stay_codes_and_numbers_keep_their_style() {
    let met = meet(
        "Id;Subject;Asset;Zip;Hours;Stamp\n\
         1;a;0815;04103;1.234,50;2025031400000017\n2;b;77;80331;2,5;2025031400000025\n",
    );
    for name in ["source_asset", "source_zip", "source_stamp"] {
        let block = format!("# name = \"{name}\"\n");
        let at = met
            .mapping
            .find(&block)
            .unwrap_or_else(|| panic!("{name}\n{}", met.mapping));
        let definition = met.mapping[at..].split("\n\n").next().unwrap_or_default();
        assert!(definition.contains("# type = \"string\""), "{definition}");
    }
    let _same =
        met.has("# source_hours = { column = \"Hours\", decimal = \",\", thousands = \".\" }");
    let told = check("Id,N\n1,1.000\n2,2.000\n", 0);
    assert!(
        told.contains("number, decimal = \".\" or decimal = \",\", thousands = \".\""),
        "{told}"
    );
}

#[test]
fn dialects_are_said_and_proposed() {
    let title = meet(
        "Report of all tickets\nMade 2025-03-14\n\nId,Subject,Status\n1,one,open\n2,two,closed\n",
    );
    title
        .has("skip_lines = 3\n")
        .said("the header seems to be line 4: `skip_lines = 3`");
    let _ended = title.import(0);
    assert_eq!(values(&title.tickets("subject"), "subject"), ["one", "two"]);

    let escaped = meet("Id,Subject,Status\n1,\"Press \\\"OK\\\" twice\",open\n2,plain,closed\n");
    escaped.has("escape = ").said("`escape = \"\\\\\"`");
    let _ended = escaped.import(0);
    assert_eq!(
        values(&escaped.tickets("subject"), "subject"),
        ["Press \"OK\" twice", "plain"]
    );

    let single =
        meet("'Id','Subject','Status'\n'1','It''s late, again','open'\n'2','x','closed'\n");
    single.has("quote = \"'\"").said("apostrophes");
    let _ended = single.import(0);
    assert_eq!(
        values(&single.tickets("subject"), "subject"),
        ["It's late, again", "x"]
    );

    let told = check("\"Id;Subject\"\n\"1;\"\"a\"\"\"\n\"2;b\"\n", 0);
    assert!(told.contains("each whole line is in quotes"), "{told}");
    let dos = meet("Id,Subject,Status\r\n1,one,open\r\n2,two,closed\r\n\x1A");
    dos.import(0).says("2 rows read");
    let hinted = check("\"sep=;\"\nId;Subject\n1;a\n", 0);
    assert!(hinted.contains("delimiter `;`"), "{hinted}");
}

#[test]
fn a_missing_header_costs_no_ticket() {
    let met = meet(
        "901,Cannot print the invoice,2025-03-14T08:20:31Z,open\n\
         902,Mail does not arrive,2025-03-14T09:02:10Z,closed\n\
         903,Door of room 4 stuck,2025-03-15T14:40:00Z,open\n\
         904,Screen stays dark,2025-03-16T07:31:55Z,open\n",
    );
    met.said("no header: the first line looks like a row")
        .has("header = [\"id\", \"subject\", \"created\", \"status\"]\n");
    let _ended = met.import(0);
    assert_eq!(met.tickets("subject").len(), 4);
    let told = check(
        "901,2025-03-14,open\n902,2025-03-15,closed\n903,2025-03-16,open\n",
        0,
    );
    assert!(told.contains("no header"), "{told}");
}

#[test]
fn quotes_that_change_a_text_are_told_by_an_import() {
    let here = Rehearsal::new();
    let mapping = meet("Id,Subject,Status\n1,a,open\n2,b,closed\n").mapping;
    let ended = here
        .tool("import in.csv -m m.toml --run-dir run")
        .embedded()
        .rows("Id,Subject,Status\n1,\"Door\" to room 4 stuck,open\n2,\"Say \\\"no\\\" now\",open\n")
        .mapping(mapping)
        .run()
        .expect(0);
    ended
        .says("a cell begins with a quote that closes before the cell's end, first in line 2")
        .says("is inside quoted cells, first in line 3");
}

/// A full export of Jira with so many custom fields.
fn jira(custom: usize) -> String {
    let mut header = "Summary,Issue key,Issue id,Issue Type,Status,Project key,Project name,Project lead,Priority,\
                      Resolution,Assignee,Reporter,Creator,Created,Updated,Resolved,Labels,Labels,Description,\
                      Attachment,Attachment,Comment,Comment,Parent,Parent key,Status Category"
        .to_owned();
    for number in 0..custom {
        let _ok = write!(header, ",Custom field (Field {number})");
    }
    let rows = [
        "Router dead,OPS-1,9001,Task,To Do,OPS,Operations,Rita,Medium,,Rita Vale,Joe Stone,Joe Stone,14.03.2025 09:11,14.03.2025 16:11,,net,urgent,Body,a.png,b.png,14/Mar/25;joe;first,14/Mar/25;joe;second,,,To Do",
        "Child,OPS-2,9002,Sub-task,Done,OPS,Operations,Rita,Highest,Fixed,,Joe Stone,Joe Stone,15.03.2025 09:11,15.03.2025 16:11,16.03.2025 10:00,,,,,,,,9001,OPS-1,Done",
    ];
    let filler = ",".repeat(custom);
    format!("{header}\n{}{filler}\n{}{filler}\n", rows[0], rows[1])
}

#[test]
fn full_exports_of_jira_are_recognised_and_fitted() {
    for custom in [44, 354] {
        let met = meet(jira(custom));
        met.said("recognised as Jira")
            .has("format = \"%d.%m.%Y %H:%M\"")
            .has("at = { part = \"at\", format = \"%d/%b/%y\" }");
        let _ended = met.import(0);
        let rows = met.tickets(
            "subject,createdate,source_tags,source_attachments,source_requester,source_parent",
        );
        let child = &rows[1];
        assert_eq!(child["source_parent"], "OPS-1");
        let router = &rows[0];
        assert_eq!(router["source_tags"], "net;urgent");
        assert_eq!(router["source_attachments"], "a.png\nb.png");
        assert_eq!(router["source_requester"], "Joe Stone");
        assert_eq!(router["createdate"], "2025-03-14T09:11:00Z");
    }
}

#[test]
fn custom_fields_keep_their_names() {
    let met = meet(
        "Key,Summary,Status,Custom field (Severity),Custom field (Root cause)\nA-1,x,Open,high,disk\nA-2,y,Done,low,net\n",
    );
    met.has("# source_severity = \"Custom field (Severity)\"")
        .has("# label = \"Source Root cause\"");
    let other = meet("Número,Título,Größe,Заявка,件名,Type,Type\n1,a,b,c,d,e,f\n2,g,h,i,j,k,l\n");
    for name in ["source_grosse", "source_zaiavka", "source_jian_ming"] {
        other.has(name);
    }
    assert!(
        !other.mapping.contains("source_type =") && !other.mapping.contains("\"source_type\""),
        "{}",
        other.mapping
    );
}

#[test]
fn a_preset_takes_the_dates_and_values_of_the_file() {
    let met = meet(
        "number,opened_at,short_description,caller_id,priority,state,assigned_to\n\
         INC7,5/21/2025 8:03,Laptop,Ana,3 - Moderate,Closed,Bo\n\
         INC8,5/23/2025 14:27,Mail,Ana,4 - Low,Awaiting Vendor,Bo\nINC9,6/1/2025 9:00,Disk,Ana,2 - High,Canceled,Bo\n",
    );
    met.said("recognised as ServiceNow")
        .has("format = \"%m/%d/%Y %H:%M\"");
    let _ended = met.import(0);
    assert_eq!(
        values(&met.tickets("createdate"), "createdate"),
        [
            "2025-05-21T08:03:00Z",
            "2025-05-23T14:27:00Z",
            "2025-06-01T09:00:00Z"
        ]
    );
    let mut rows = "number,short_description,state,opened_at\n".to_owned();
    for number in 0..10_000 {
        let _ok = writeln!(rows, "INC{number},Subject,New,2025-01-01 10:00:00");
    }
    meet(rows).said("exactly 10,000 rows");
}

#[test]
fn other_languages_are_understood() {
    // A list of GLPI, in Portuguese.
    let glpi = meet(
        "\u{feff}ID;Título;Entidade;Status;Data de abertura;Requerente - Requerente;Prioridade\n\
         8 201;Trocar teclado;Matriz;Pendente;14-03-2025 09:10;Ana;Alta\n\
         8 204;Liberar acesso;Matriz;Em atendimento (atribuído);19-03-2025 15:25;Rui;Média\n",
    );
    glpi.said("recognised as GLPI");
    let _ended = glpi.import(0);
    let rows =
        glpi.tickets("subject,hs_pipeline_stage,createdate,source_ticket_id,hs_ticket_priority");
    assert_eq!(
        values(&rows, "source_ticket_id"),
        ["glpi-8201", "glpi-8204"]
    );
    assert_eq!(values(&rows, "createdate")[0], "2025-03-14T09:10:00Z");
    let table = [
        (
            "Nummer;Betreff;Status;Erstellt;Bearbeiter\n1;Drucker;Offen;14.03.2025 07:30;Ann\n2;Maus;Erledigt;15.03.2025 08:30;Bob\n",
            ["3", "4"],
        ),
        (
            "Numéro;Sujet;Statut;Créé\n1;Imprimante;Nouveau;14/03/2025 07:30\n2;Souris;Fermé;15/03/2025 08:30\n",
            ["1", "4"],
        ),
        (
            "Код;Тема;Статус;Создано\n1;Принтер;Новая;14.03.2025 07:30\n2;Мышь;Закрыта;15.03.2025 08:30\n",
            ["1", "4"],
        ),
        (
            "ID,件名,ステータス,作成日\n1,プリンタ,新規,2025/03/14 07:30\n2,マウス,終了,2025/03/15 08:30\n",
            ["1", "4"],
        ),
    ];
    for (file, stages) in table {
        let met = meet(file);
        met.said("no known system");
        let _ended = met.import(0);
        let mut rows = met.tickets("createdate,hs_pipeline_stage,subject");
        rows.sort_by_key(|row| row["createdate"].clone());
        assert_eq!(
            values(&rows, "hs_pipeline_stage"),
            stages,
            "{file}\n{}",
            met.mapping
        );
        assert_eq!(rows[0]["createdate"], "2025-03-14T07:30:00Z", "{file}");
    }
}

#[test]
fn unknown_statuses_are_listed_and_no_row_gets_a_wrong_stage() {
    let met = meet("Id,Subject,Status\n1,a,Blorp\n2,b,Zap\n3,c,Open\n");
    met.has("# Not known, to fill in: \"Blorp\" (1), \"Zap\" (1)")
        .said("2 values of \"Status\" not known");
    let _ended = met.import(3);
    assert_eq!(
        values(&met.tickets("source_status"), "source_status"),
        ["Open"]
    );
}

#[test]
fn without_a_subject_nothing_is_imported() {
    let met = meet(
        "Id,Status,Remarks by staff\n1,open,printer jams all day\n2,closed,door was repaired today\n",
    );
    met.said("no subject: which column is it?")
        .has("# subject = \"Remarks by staff\"");
    met.import(64).says("nothing is mapped to `subject`");
}

#[test]
fn events_of_one_ticket_become_one_ticket() {
    let met = meet(
        "CaseID,Title,CompleteTimestamp\n\
         71,Router,2025-02-04 10:00:00\n71,Router,2025-02-04 10:20:00\n71,Router,2025-02-06 08:00:00\n\
         72,Switch,2025-02-05 11:00:00\n72,Switch,2025-02-07 16:45:00\n",
    );
    met.has("one_per = \"CaseID\"")
        .said("\"CaseID\" comes in several rows");
    let _ended = met.import(0);
    assert_eq!(
        values(&met.tickets("source_ticket_id"), "source_ticket_id"),
        ["71", "72"]
    );
    let scattered = meet("Case number,Title\n1,a\n2,b\n1,a\n2,b\n1,a\n2,b\n");
    scattered.has("sort the file by this column first");
    let damaged = meet("Number,Subject\n1.00011E+05,a\n1.00012E+05,b\n");
    damaged.said("ids of \"Number\" are damaged, \"1.00011E+05\" in line 2");
}

#[test]
fn what_the_source_said_is_kept() {
    let met = meet(
        "Id,Subject,Status,Priority,Type,Owner\n1,a,Open,High,Incident,Ann Lee\n2,b,Closed,Low,Request,Bob Ray\n",
    );
    let _ended = met.import(0);
    let rows = met.tickets("source_status,source_priority,source_ticket_type,source_assignee");
    assert_eq!(values(&rows, "source_assignee"), ["Ann Lee", "Bob Ray"]);
    assert_eq!(values(&rows, "source_ticket_type"), ["Incident", "Request"]);
    let twice =
        meet("Id,Subject,Others,Status,Others,Status\n1,one,a,open,b,High\n2,two,,closed,c,Low\n");
    twice
        .has(
            "Several columns are called so: choose by nth, now 1 (1 has open, closed; 2 has High, \
             Low).",
        )
        .has("# source_status_6 = { column = \"Status\", nth = 2 }");
}

#[test]
fn undated_histories_are_told_by_checks_and_imports() {
    let met = meet("Number,Subject,Status\n1,old one,closed\n2,old two,closed\n3,old three,open\n");
    met.said("no column is the creation date: 3 tickets would be dated today")
        .said("2 tickets in a closed stage would be closed today");
    let told = met
        .here
        .run_embedded("check in.csv -m m.toml")
        .expect(0)
        .stdout;
    assert!(told.contains("date 3 tickets today"), "{told}");
    assert!(told.contains("close 2 tickets today"), "{told}");
    met.import(0)
        .says("createdate is not mapped: new tickets are dated today")
        .says("closed_date is not mapped");
}

#[test]
fn the_first_tickets_are_shown_as_hubspot_will() {
    let met = meet(
        "Id,Subject,Status,Created,Requester email\n\
         1,Printer jams,Open,2025-03-14 07:30:00,ann@x.example\n2,Door,Closed,2025-03-15 08:00:00,\n\
         3,c,Open,2025-03-15 08:00:00,\n4,hidden,Open,2025-03-15 08:00:00,\n",
    );
    for words in [
        "The first tickets as HubSpot will show them",
        "Printer jams",
        "Support Pipeline / Waiting on us",
        "2025-03-14 07:30",
        "ann@x.example",
    ] {
        met.said(words);
    }
    assert!(!met.init.stderr.contains("hidden"), "{}", met.init.stderr);
    let told = met
        .here
        .run_embedded("check in.csv -m m.toml")
        .expect(0)
        .stdout;
    assert!(told.contains("Support Pipeline / Closed"), "{told}");
}

#[test]
fn built_in_mappings_go_by_their_names() {
    let here = Rehearsal::new();
    let listed = here.run("map list").expect(0).stdout;
    assert!(
        listed.contains("zendesk ") && listed.contains("glpi "),
        "{listed}"
    );
    here.write(
        "in.csv",
        "Id,Subject,Status,Created at\n1,a,open,2025-03-14 07:30:00\n",
    );
    here.run_embedded("import in.csv -m zendesk --run-dir run")
        .expect(0);
    let lacking = here.run_embedded("import in.csv -m zendisk").expect(64);
    lacking.says("`tickethaul map list`");
}

#[test]
fn html_that_is_written_as_entities_becomes_text() {
    let met = meet(
        "Id;Subject;Status;Description\n\
         1;one;closed;\"&lt;p&gt;Keyboard replaced.&lt;/p&gt;\"\n2;two;closed;\"&lt;p&gt;caf&#233; &amp;amp; tea&lt;/p&gt;\"\n",
    );
    met.has("html = \"text\"");
    let _ended = met.import(0);
    assert_eq!(
        values(&met.tickets("content"), "content"),
        ["Keyboard replaced.", "café & tea"]
    );
}

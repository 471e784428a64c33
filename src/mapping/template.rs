//! Templates and expressions (minijinja): parsed once for a mapping, evaluated once
//! a row. They see the row's columns through `col('Name')` and the language's own
//! functions; no files, no environment, no HTML escaping, and only so much work.

use std::ops::Range;
use std::sync::Arc;

use minijinja::value::{Object, ObjectRepr, Value, from_args};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, State, UndefinedBehavior};

use crate::mapping::header_index::HeaderIndex;
use crate::mapping::nearest::nearest;
use crate::mapping::template_names::{NameUse, Role, names};
use crate::model::invisible::trim_invisible;
use crate::model::row::Cells;

/// Steps that one evaluation may take; a slip such as a nested loop ends there.
const FUEL: u64 = 100_000;

/// Marks of one expression, and `elif`s of a template: the engine goes one call deeper
/// for each, and its stack ends at some 20,000.
const MOST_MARKS: usize = 1_000;

/// Filters that may be meant by a name that is close to theirs.
const FILTERS: [&str; 27] = [
    "abs", "batch", "bool", "default", "first", "float", "int", "items", "join", "last", "length",
    "lines", "list", "lower", "map", "max", "min", "replace", "round", "sort", "split", "string",
    "sum", "title", "trim", "unique", "upper",
];

/// The same for tests.
const TESTS: [&str; 14] = [
    "boolean", "defined", "even", "false", "float", "in", "integer", "lower", "mapping", "none",
    "number", "odd", "string", "upper",
];

/// The name by which templates reach the row.
const COLUMN: &str = "col";

/// The parsed templates of a mapping.
#[derive(Debug)]
pub(crate) struct Templates {
    env: Environment<'static>,
    columns: Arc<HeaderIndex>,
    empty: Arc<[String]>,
    count: usize,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TemplateId(String);

/// A `col('Name')` in the text of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ColumnUse {
    /// The name between the quotes.
    pub(crate) name: String,
    /// Where it is in the template.
    pub(crate) range: Range<usize>,
}

/// What is wrong with a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TemplateFault {
    /// What the engine says.
    pub(crate) detail: String,
    /// Where in the template, if it is known.
    pub(crate) range: Option<Range<usize>>,
    /// The name that was probably meant.
    pub(crate) nearest: Option<String>,
}

impl Templates {
    /// No templates yet, over the columns of an input. Cells that are in `empty`
    /// read as an empty text.
    pub(crate) fn new(columns: Arc<HeaderIndex>, empty: Arc<[String]>) -> Templates {
        let mut env = Environment::new();
        env.set_undefined_behavior(UndefinedBehavior::Strict);
        env.set_auto_escape_callback(|_| AutoEscape::None);
        env.set_fuel(Some(FUEL));
        env.set_debug(false);
        Templates {
            env,
            columns,
            empty,
            count: 0,
        }
    }

    /// Parses a template such as `{{ col('A') }}-{{ col('B') }}`.
    pub(crate) fn add(&mut self, source: &str) -> Result<TemplateId, Vec<TemplateFault>> {
        self.added(source, source, &code_ranges(source))
    }

    /// Parses a template that was made of a source with this code.
    fn added(
        &mut self,
        template: &str,
        source: &str,
        code: &[Range<usize>],
    ) -> Result<TemplateId, Vec<TemplateFault>> {
        check_size(source, code).map_err(|fault| vec![fault])?;
        self.count += 1;
        let id = TemplateId(self.count.to_string());
        self.env
            .add_template_owned(id.0.clone(), template.to_owned())
            .map_err(|error| vec![fault(&error)])?;
        let faults = self.unknown(&id, source, code);
        if !faults.is_empty() {
            return Err(faults);
        }
        self.check_calls(&id).map_err(|fault| vec![fault])?;
        Ok(id)
    }

    /// Parses an expression such as `col('Status') == 'deleted'`, to be asked by
    /// `holds`.
    pub(crate) fn add_expression(
        &mut self,
        source: &str,
    ) -> Result<TemplateId, Vec<TemplateFault>> {
        let whole = 0..source.len();
        let code = std::slice::from_ref(&whole);
        check_size(source, code).map_err(|fault| vec![fault])?;
        // Kept as a template, because the engine's expressions borrow their environment.
        if let Err(error) = self.env.compile_expression(source) {
            return Err(vec![fault(&error)]);
        }
        let template = format!("{{% if {source} %}}1{{% endif %}}");
        self.added(&template, source, code)
    }

    /// Names that neither the row nor the language knows, in their order.
    fn unknown(&self, id: &TemplateId, source: &str, code: &[Range<usize>]) -> Vec<TemplateFault> {
        let mut undeclared = match self.env.get_template(&id.0) {
            Ok(template) => template.undeclared_variables(false),
            Err(error) => return vec![fault(&error)],
        };
        let _known = undeclared.remove(COLUMN);
        undeclared.retain(|name| !self.env.globals().any(|(known, _)| known == name));
        let used = names(source, code);
        let mut faults: Vec<TemplateFault> = used
            .iter()
            .filter_map(|used| match used.role {
                Role::Plain => {
                    let is_first = undeclared.remove(used.name);
                    is_first.then(|| self.unknown_name(used.name, Some(used.range.clone())))
                }
                Role::Filter | Role::Test => self.unknown_call(used),
            })
            .collect();
        let mut unseen: Vec<&String> = undeclared.iter().collect();
        unseen.sort_unstable();
        faults.extend(unseen.into_iter().map(|name| self.unknown_name(name, None)));
        faults
    }

    fn unknown_name(&self, name: &str, range: Option<Range<usize>>) -> TemplateFault {
        let column = self.columns.positions(name).first();
        let known = self.env.globals().map(|(known, _)| known).chain([COLUMN]);
        TemplateFault {
            detail: format!("nothing is named `{name}`"),
            range,
            nearest: match column {
                Some(idx) => Some(format!("col('{}')", self.columns.name(*idx))),
                None => nearest(name, known).map(str::to_owned),
            },
        }
    }

    /// A filter or test that does not exist, wherever in the template it is used.
    fn unknown_call(&self, used: &NameUse<'_>) -> Option<TemplateFault> {
        let (kind, known): (_, &[&str]) = match used.role {
            Role::Filter => ("filter", &FILTERS),
            Role::Test | Role::Plain => ("test", &TESTS),
        };
        let mut state = self.env.empty_state();
        let exists = state.perform_test(kind, &[Value::from(used.name)]);
        (!exists.unwrap_or(true)).then(|| TemplateFault {
            detail: format!("there is no {kind} `{}`", used.name),
            range: Some(used.range.clone()),
            nearest: nearest(used.name, known.iter().copied()).map(str::to_owned),
        })
    }

    /// Filters and tests that are named by texts, as `map('upper')` does, only show when they
    /// are used, so the template is tried on a row of empty cells. What else fails there is no
    /// fault: the cells of a real row are not all empty.
    fn check_calls(&self, id: &TemplateId) -> Result<(), TemplateFault> {
        let row = self.row(&Cells::default());
        match self.evaluate(id, &row) {
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::UnknownFilter | ErrorKind::UnknownTest | ErrorKind::UnknownFunction
                ) =>
            {
                Err(fault(&error))
            }
            _ => Ok(()),
        }
    }

    /// A row as templates see it; made once per row, and only if a template is used.
    pub(crate) fn row(&self, cells: &Cells) -> Value {
        Value::from_object(Row {
            columns: Arc::clone(&self.columns),
            empty: Arc::clone(&self.empty),
            cells: cells.clone(),
        })
    }

    /// The text that a template makes of a row.
    pub(crate) fn render(&self, id: &TemplateId, row: &Value) -> Result<String, String> {
        self.evaluate(id, row).map_err(|error| words(&error))
    }

    /// Whether an expression is true for a row.
    pub(crate) fn holds(&self, id: &TemplateId, row: &Value) -> Result<bool, String> {
        self.render(id, row).map(|text| !text.is_empty())
    }

    fn evaluate(&self, id: &TemplateId, row: &Value) -> Result<String, Error> {
        self.env.get_template(&id.0)?.render(row.clone())
    }
}

/// The columns that a template names literally. A name that is put together while evaluating can't
/// be known.
pub(crate) fn column_uses(source: &str, is_expression: bool) -> Vec<ColumnUse> {
    let code: Vec<Range<usize>> = if is_expression {
        std::iter::once(0..source.len()).collect()
    } else {
        code_ranges(source)
    };
    source
        .match_indices(COLUMN)
        .filter(|(start, _)| code.iter().any(|range| range.contains(start)))
        .filter(|(start, _)| {
            let before = source[..*start].chars().next_back();
            !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '.')
        })
        .filter_map(|(start, word)| literal_argument(source, start + word.len()))
        .collect()
}

/// The text literal in brackets that starts at `from`, such as `( 'Name' )`.
fn literal_argument(source: &str, from: usize) -> Option<ColumnUse> {
    let inside = source[from..].trim_start().strip_prefix('(')?.trim_start();
    let quote = inside.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
    let text = &inside[1..];
    let name = &text[..text.find(quote)?];
    let closed = text[name.len() + 1..].trim_start().starts_with(')');
    let start = source.len() - text.len();
    (closed && !name.contains('\\')).then(|| ColumnUse {
        name: name.to_owned(),
        range: start..start + name.len(),
    })
}

/// The parts of a template between `{{ }}` and `{% %}`.
fn code_ranges(source: &str) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    let mut from = 0;
    while let Some(open) = source[from..].find(['{']).map(|idx| from + idx) {
        let close = match source[open..].get(..2) {
            Some("{{") => "}}",
            Some("{%") => "%}",
            Some("{#") => "#}",
            _ => {
                from = open + 1;
                continue;
            }
        };
        let end = match close {
            "#}" => source[open..].find(close).map(|idx| open + idx),
            _ => end_of_code(source, open, close),
        };
        let end = end.unwrap_or(source.len());
        if close != "#}" {
            ranges.push(open..end);
        }
        from = match word_of_block(&source[open..end]) {
            "raw" => end_of_raw(source, end),
            _ => end,
        };
    }
    ranges
}

/// The first word of `{% … %}`; "" for other code.
fn word_of_block(code: &str) -> &str {
    let Some(inside) = code.strip_prefix("{%") else {
        return "";
    };
    let inside = inside.trim_start_matches(['-', '+']).trim_start();
    let end = inside.find(|c: char| !c.is_alphanumeric() && c != '_');
    &inside[..end.unwrap_or(inside.len())]
}

/// Where the text of a raw block ends, in which nothing is code.
fn end_of_raw(source: &str, from: usize) -> usize {
    let mut blocks = source[from..].match_indices("{%");
    let end = blocks.find(|(idx, _)| word_of_block(&source[from + idx..]) == "endraw");
    end.map_or(source.len(), |(idx, _)| from + idx)
}

/// Where code that starts at `open` ends; a mark in quotes ends nothing.
fn end_of_code(source: &str, open: usize, close: &str) -> Option<usize> {
    let mut quoted = Quoted::default();
    let found = source[open..]
        .char_indices()
        .find(|(idx, c)| !quoted.takes(*c) && source[open + idx..].starts_with(close));
    found.map(|(idx, _)| open + idx)
}

/// Whether the letters of an expression are in quotes.
#[derive(Default)]
struct Quoted {
    quote: Option<char>,
    escaped: bool,
}

impl Quoted {
    /// Takes the next letter; true for quotes and what is in them.
    fn takes(&mut self, c: char) -> bool {
        match self.quote {
            None if matches!(c, '\'' | '"') => self.quote = Some(c),
            None => return false,
            Some(_) if self.escaped => self.escaped = false,
            Some(_) if c == '\\' => self.escaped = true,
            Some(quote) if c == quote => self.quote = None,
            Some(_) => {}
        }
        true
    }
}

/// Refuses a template that is too long for the engine, whose recursion is as deep as the template
/// is long.
fn check_size(source: &str, code: &[Range<usize>]) -> Result<(), TemplateFault> {
    let fault = |what: &str, range: Option<Range<usize>>| TemplateFault {
        detail: format!("{what}: at most {MOST_MARKS} are read"),
        range,
        nearest: None,
    };
    let is_long = |range: &&Range<usize>| marks(&source[(*range).clone()]) > MOST_MARKS;
    if let Some(range) = code.iter().find(is_long) {
        let what = "an expression has too many operators, brackets and words";
        return Err(fault(what, Some(range.clone())));
    }
    let branches = code
        .iter()
        .filter(|range| word_of_block(&source[(*range).clone()]) == "elif");
    match branches.count() > MOST_MARKS {
        true => Err(fault("the template has too many `elif`", None)),
        false => Ok(()),
    }
}

/// Marks and words of an expression; a text in quotes does not count.
fn marks(code: &str) -> usize {
    let mut quoted = Quoted::default();
    let (mut count, mut in_word) = (0, false);
    for c in code.chars() {
        let is_letter = c.is_alphanumeric() || c == '_';
        let counts = !(quoted.takes(c) || c.is_whitespace() || is_letter && in_word);
        count += usize::from(counts);
        in_word = is_letter;
    }
    count
}

fn fault(error: &Error) -> TemplateFault {
    TemplateFault {
        detail: words(error),
        range: error.range(),
        nearest: None,
    }
}

fn words(error: &Error) -> String {
    match error.detail() {
        Some(detail) => format!("{}: {detail}", error.kind()),
        None => error.kind().to_string(),
    }
}

/// The row in the engine: what `col` is, and the function itself.
#[derive(Debug)]
struct Row {
    columns: Arc<HeaderIndex>,
    empty: Arc<[String]>,
    cells: Cells,
}

impl Object for Row {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, name: &Value) -> Option<Value> {
        (name.as_str() == Some(COLUMN)).then(|| Value::from_dyn_object(Arc::clone(self)))
    }

    fn call(self: &Arc<Self>, _: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
        let (name,): (&str,) = from_args(args)?;
        let Some(idx) = self.columns.positions(name).first() else {
            return Err(Error::new(
                ErrorKind::InvalidOperation,
                format!("the file has no column `{name}`"),
            ));
        };
        let cell = trim_invisible(self.cells.get(*idx).unwrap_or(""));
        let is_empty = self.empty.iter().any(|empty| empty == cell);
        Ok(Value::from(if is_empty { "" } else { cell }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::row::Headers;

    fn templates() -> Templates {
        let names = ["Id", "Created at", "Note"].map(str::to_owned);
        let columns = HeaderIndex::new(&Headers::new(names.to_vec()));
        Templates::new(Arc::new(columns), Arc::from(["-".to_owned()]))
    }

    fn rendered(source: &str, cells: [&str; 3]) -> Result<String, String> {
        let mut templates = templates();
        let id = templates
            .add(source)
            .map_err(|faults| faults[0].detail.clone())?;
        templates.render(&id, &templates.row(&Cells::new(cells)))
    }

    #[test]
    fn templates_see_trimmed_cells_by_name() {
        for (source, expected) in [
            ("https://x.example/{{ col('Id') }}", "https://x.example/7"),
            ("{{ col('created AT') }}", "2024"),
            ("{{ col('Note') }}", ""),
            ("{{ '<b>' }}{{ col('Id') | int + 1 }}", "<b>8"),
        ] {
            assert_eq!(
                rendered(source, [" 7 ", "2024", "-"]).as_deref(),
                Ok(expected)
            );
        }
    }

    #[test]
    fn faults_are_found_before_the_first_row() {
        for (source, words) in [
            ("{{ col('Id' }}", "syntax error"),
            ("{{ Id }}", "nothing is named `Id`"),
            ("{{ col('Id') | shout }}", "there is no filter `shout`"),
            ("{{ ['a'] | map('shout') | list }}", "filter"),
            ("{% include 'x' %}", "syntax error"),
        ] {
            let fault = templates()
                .add(source)
                .map(|_| ())
                .map_err(|faults| faults[0].detail.clone());
            assert!(
                fault.as_ref().is_err_and(|detail| detail.contains(words)),
                "{fault:?}"
            );
        }
        let fault = templates()
            .add("{{ Id }}")
            .map(|_| ())
            .map_err(|faults| faults[0].nearest.clone());
        assert_eq!(fault, Err(Some("col('Id')".to_owned())));
    }

    #[test]
    fn all_names_that_nothing_has_are_found_with_their_places() {
        let shown = |faults: Vec<TemplateFault>, source: &str| -> Vec<String> {
            let faults = faults.into_iter();
            let shown = faults.map(|fault| {
                let place = fault.range.map(|range| source[range].to_owned());
                format!("{}, {place:?}, {:?}", fault.detail, fault.nearest)
            });
            shown.collect()
        };
        // Of these, the engine meets only the first on a row of empty cells.
        let source = "{{ foo }}{% if col('Id') %}{{ col('Id') | uper | trim | nope2(bar) }}\
                      {{ foo is not emty }}{% endif %}";
        let faults = templates().add(source).expect_err("faults");
        assert_eq!(
            shown(faults, source),
            [
                "nothing is named `foo`, Some(\"foo\"), None",
                "there is no filter `uper`, Some(\"uper\"), Some(\"upper\")",
                "there is no filter `nope2`, Some(\"nope2\"), None",
                "nothing is named `bar`, Some(\"bar\"), None",
                "there is no test `emty`, Some(\"emty\"), None",
            ]
        );
        let source = "col('Note') is odd and 1 is evn";
        let faults = templates().add_expression(source).expect_err("a fault");
        assert_eq!(
            shown(faults, source),
            ["there is no test `evn`, Some(\"evn\"), Some(\"even\")"]
        );
        let good = "{% for part in col('Id') | split(',') %}{{ part | d('x') }}{{ loop.index is odd }}\
                    {% endfor %}{% filter upper %}x{% endfilter %}{% set is_x = 1 %}{{ is_x is eq 1 }}";
        assert!(templates().add(good).is_ok());
    }

    #[test]
    fn names_that_are_suggested_exist() {
        let names = FILTERS.iter().map(|name| ("filter", name));
        for (kind, name) in names.chain(TESTS.iter().map(|name| ("test", name))) {
            let env = templates().env;
            let exists = env.empty_state().perform_test(kind, &[Value::from(*name)]);
            assert!(exists.expect("asked"), "{kind} {name}");
        }
    }

    #[test]
    fn a_row_can_fail_and_work_is_bounded() {
        assert!(rendered("{{ col('Id' ~ col('Note')) }}", ["1", "2", "x"]).is_err());
        assert!(rendered("{{ [1][col('Id')|int] }}", ["9", "", ""]).is_err());
        let loops =
            "{% for a in range(9999) %}{% for b in range(9999) %}{{ a }}{% endfor %}{% endfor %}";
        assert!(rendered(loops, ["", "", ""]).is_err());
    }

    #[test]
    fn what_is_too_deep_for_the_engine_is_refused() {
        let many = |piece: &str| piece.repeat(50_000);
        for source in [
            format!("{{{{ {}1 }}}}", many("-")),
            format!("{{{{ 1{} }}}}", many("+1")),
            format!("{{{{ 1{} }}}}", many("~'x'")),
            format!("{{{{ {}1 }}}}", many("not ")),
            format!("{{{{ 'a'{} }}}}", many("|upper")),
            format!("{{{{ '}}}}'{} }}}}", many("|upper")),
            format!("{{{{ col{} }}}}", many(".a")),
            format!("{{{{ {}1{} }}}}", many("("), many(")")),
            format!("{{% if 1 %}}{}{{% endif %}}", many("{% elif 1 %}")),
            format!("{{%- if 1 -%}}{}{{% endif %}}", many("{%- elif 1 %}")),
            format!("{{% if {}1 %}}{{% endif %}}", many("1 and ")),
            format!("{{% raw %}}{{#'{{% endraw %}}{{{{ {}1 }}}}#}}", many("-")),
            many("{% if 1 %}"),
        ] {
            let fault = templates().add(&source);
            assert!(fault.is_err(), "{}", &source[..40]);
        }
        assert!(
            templates()
                .add_expression(&format!("1{}", many(" or 1")))
                .is_err()
        );
        let long = format!("{{{{ col('Note') == '{}' }}}}", "(".repeat(5_000));
        assert!(templates().add(&long).is_ok());
        let several = "{{ col('Id') | replace('a', 'b') }} - ".repeat(500);
        assert!(templates().add(&several).is_ok());
    }

    #[test]
    fn expressions_are_asked() {
        let mut templates = templates();
        let id = templates.add_expression("col(\"Note\") == \"deleted\" or not col('Id')");
        let id = id.unwrap_or_else(|faults| panic!("{}", faults[0].detail));
        for (cells, expected) in [
            (["1", "", "deleted"], true),
            (["1", "", "x"], false),
            (["-", "", "x"], true),
        ] {
            let row = templates.row(&Cells::new(cells));
            assert_eq!(templates.holds(&id, &row), Ok(expected), "{cells:?}");
        }
        for broken in ["col('Id') ==", "1 %}{% if 1", "Idd"] {
            assert!(templates.add_expression(broken).is_err(), "{broken}");
        }
    }

    #[test]
    fn named_columns_are_found_where_they_are_code() {
        let names = |source: &str, is_expression| -> Vec<String> {
            let uses = column_uses(source, is_expression);
            assert!(
                uses.iter()
                    .all(|found| source[found.range.clone()] == found.name)
            );
            uses.into_iter().map(|found| found.name).collect()
        };
        assert_eq!(
            names(
                "col('a') {{ col( \"b c\" ) }}{# col('d') #}{% if col('e') %}",
                false
            ),
            ["b c", "e"]
        );
        assert_eq!(
            names("col('a') ~ protocol('b') ~ col(x) ~ col('é')", true),
            ["a", "é"]
        );
        assert_eq!(
            names("{{ col('a' ~ 'b') }} {{ col('un", false),
            Vec::<String>::new()
        );
    }
}

//! Which file names what of which other file: the module tree is walked from its
//! root, paths are followed through re-exports to the file that defines a name.
//! Comments, literals and whatever only tests compile are cut off before.

use std::collections::{BTreeMap, BTreeSet};

/// A module's path below the root: `["import", "read"]`.
type Module = Vec<String>;
/// File → file → the names that the first takes from the second.
pub type Graph = BTreeMap<String, BTreeMap<String, BTreeSet<String>>>;

/// A path of a `use` line, and the name by which its file knows it.
#[derive(Debug)]
struct Import {
    path: Vec<String>,
    name: String,
    is_public: bool,
}

#[derive(Debug)]
struct File {
    name: String,
    children: BTreeSet<String>,
    imports: Vec<Import>,
    /// The paths outside of `use` lines, single names among them.
    paths: BTreeSet<Vec<String>>,
}

/// Where a path ends.
#[derive(Debug, PartialEq)]
enum End {
    Module(Module),
    Name(Module, String),
}

/// The graph of a tree of files, by their names below its root, that begins at `lib.rs`.
pub fn graph(texts: &BTreeMap<String, String>) -> Graph {
    let mut files = BTreeMap::new();
    read_module(texts, "lib.rs", Vec::new(), &mut files);
    files
        .iter()
        .map(|(module, file)| (file.name.clone(), uses(&files, module, file)))
        .collect()
}

fn read_module(
    texts: &BTreeMap<String, String>,
    name: &str,
    module: Module,
    files: &mut BTreeMap<Module, File>,
) {
    let file = parse(name, &production(&texts[name]));
    for child in &file.children {
        let below = [module.as_slice(), std::slice::from_ref(child)].concat();
        let flat = format!("{}.rs", below.join("/"));
        let folder = format!("{}/mod.rs", below.join("/"));
        let found = [flat, folder]
            .into_iter()
            .find(|name| texts.contains_key(name));
        read_module(texts, &found.expect("the file of a module"), below, files);
    }
    let _new = files.insert(module, file);
}

fn uses(
    files: &BTreeMap<Module, File>,
    module: &Module,
    file: &File,
) -> BTreeMap<String, BTreeSet<String>> {
    // A name that is only handed on is no need of the file that hands it on.
    let needed = |import: &&Import| {
        !import.is_public || file.paths.iter().any(|path| path[0] == import.name)
    };
    let imported = file
        .imports
        .iter()
        .filter(needed)
        .map(|import| &import.path);
    let mut used: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for path in imported.chain(file.paths.iter().filter(|path| path.len() > 1)) {
        let Some(End::Name(home, name)) = follow(files, module, path, 0) else {
            continue;
        };
        if home != *module {
            let _new = used
                .entry(files[&home].name.clone())
                .or_default()
                .insert(name);
        }
    }
    used
}

/// The module that defines what a path of `module` leads to; nothing where it leads out of the tree.
fn follow(
    files: &BTreeMap<Module, File>,
    module: &Module,
    path: &[String],
    depth: usize,
) -> Option<End> {
    let mut at = module.clone();
    for (index, part) in path.iter().enumerate() {
        match part.as_str() {
            "crate" => at = Vec::new(),
            "self" => {}
            "super" => drop(at.pop()?),
            _ => {
                let file = &files[&at];
                let import = file.imports.iter().find(|import| import.name == *part);
                let is_last = index + 1 == path.len();
                if file.children.contains(part) && !(is_last && import.is_some()) {
                    at.push(part.clone());
                } else if let Some(import) = import {
                    if depth > 8 {
                        return None; // a crate that bears its own name: `use csv;`
                    }
                    match follow(files, &at, &import.path, depth + 1)? {
                        End::Module(found) => at = found,
                        name @ End::Name(..) => return Some(name),
                    }
                } else if index == 0 {
                    return None; // another crate, or a name of the file's own
                } else {
                    return Some(End::Name(at, part.clone()));
                }
            }
        }
    }
    Some(End::Module(at))
}

/// Groups of files that lead to each other, each sorted: Tarjan's strongly connected components.
pub fn circles(graph: &Graph) -> Vec<Vec<String>> {
    let mut walk = Walk {
        graph,
        ..Walk::new(graph)
    };
    for file in graph.keys() {
        if !walk.order.contains_key(file.as_str()) {
            let _low = walk.visit(file);
        }
    }
    walk.circles
}

struct Walk<'a> {
    graph: &'a Graph,
    order: BTreeMap<&'a str, usize>,
    open: Vec<&'a str>,
    circles: Vec<Vec<String>>,
}

impl<'a> Walk<'a> {
    fn new(graph: &'a Graph) -> Self {
        Walk {
            graph,
            order: BTreeMap::new(),
            open: Vec::new(),
            circles: Vec::new(),
        }
    }

    /// The earliest open file that `file` leads to.
    fn visit(&mut self, file: &'a str) -> usize {
        let own = self.order.len();
        let _new = self.order.insert(file, own);
        self.open.push(file);
        let mut low = own;
        let graph = self.graph;
        for next in graph
            .get(file)
            .into_iter()
            .flatten()
            .map(|(next, _)| next.as_str())
        {
            match self.order.get(next) {
                None => low = low.min(self.visit(next)),
                Some(order) if self.open.contains(&next) => low = low.min(*order),
                Some(_) => {}
            }
        }
        if low == own {
            let start = self
                .open
                .iter()
                .position(|open| *open == file)
                .expect("an open file");
            let mut circle: Vec<String> = self.open.drain(start..).map(str::to_owned).collect();
            if circle.len() > 1 {
                circle.sort();
                self.circles.push(circle);
            }
        }
        low
    }
}

fn parse(name: &str, code: &str) -> File {
    let mut file = File {
        name: name.to_owned(),
        children: BTreeSet::new(),
        imports: Vec::new(),
        paths: BTreeSet::new(),
    };
    let tokens = tokens(code);
    let mut at = 0;
    while at < tokens.len() {
        match tokens[at] {
            "use" => {
                let end = at
                    + tokens[at..]
                        .iter()
                        .position(|token| *token == ";")
                        .expect("an end");
                let is_public = at > 0 && (tokens[at - 1] == "pub" || tokens[at - 1] == ")");
                let mut tree = tokens[at + 1..end].iter().copied().peekable();
                imports(&mut tree, &[], is_public, &mut file.imports);
                at = end;
            }
            "mod" if tokens.get(at + 2) == Some(&";") => {
                let _new = file.children.insert(tokens[at + 1].to_owned());
                at += 2;
            }
            token if is_word(token) => {
                let mut path = vec![token.to_owned()];
                while tokens.get(at + 1) == Some(&"::")
                    && tokens.get(at + 2).is_some_and(|next| is_word(next))
                {
                    path.push(tokens[at + 2].to_owned());
                    at += 2;
                }
                let _new = file.paths.insert(path);
            }
            _ => {}
        }
        at += 1;
    }
    file
}

/// The paths of one `use` tree, or of one branch of it.
fn imports<'a>(
    tree: &mut std::iter::Peekable<impl Iterator<Item = &'a str>>,
    above: &[String],
    is_public: bool,
    found: &mut Vec<Import>,
) {
    let mut path = above.to_vec();
    let mut name = None;
    while let Some(token) = tree.next_if(|token| !matches!(*token, "," | "}")) {
        match token {
            "{" => {
                while tree.peek().is_some_and(|next| *next != "}") {
                    imports(tree, &path, is_public, found);
                    let _comma = tree.next_if_eq(&",");
                }
                let _end = tree.next();
                return;
            }
            "as" => name = tree.next().map(str::to_owned),
            "::" => {}
            "self" if !path.is_empty() => {}
            part => path.push(part.to_owned()),
        }
    }
    if let Some(name) = name.or_else(|| path.last().cloned()) {
        found.push(Import {
            path,
            name,
            is_public,
        });
    }
}

fn is_word(token: &str) -> bool {
    token.starts_with(|letter: char| letter.is_alphabetic() || letter == '_')
}

/// Words, `::`, and every other sign alone.
fn tokens(code: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = code.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = if first.is_alphanumeric() || first == '_' {
            let end = rest.find(|letter: char| !(letter.is_alphanumeric() || letter == '_'));
            end.unwrap_or(rest.len())
        } else if rest.starts_with("::") {
            2
        } else {
            first.len_utf8()
        };
        tokens.push(&rest[..length]);
        rest = rest[length..].trim_start();
    }
    tokens
}

/// A file's code without comments, the insides of literals, and items that only tests compile.
pub fn production(text: &str) -> String {
    let code = plain(text);
    let mut kept = String::new();
    let mut rest = code.as_str();
    while let Some(at) = ["#[cfg(test)]", "#[cfg(all(test,"]
        .iter()
        .filter_map(|cfg| rest.find(cfg))
        .min()
    {
        kept.push_str(&rest[..at]);
        rest = &rest[at..];
        rest = &rest[item_length(rest)..];
    }
    kept + rest
}

/// How long the item is at whose first attribute a text begins: to the `;` or the closing brace that ends it.
fn item_length(text: &str) -> usize {
    let is_use = text.split_whitespace().take(4).any(|word| word == "use");
    let mut depth = 0_usize;
    for (at, letter) in text.char_indices() {
        match letter {
            '{' | '(' | '[' => depth += 1,
            '}' | ')' | ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 && (letter == ';' || letter == '}' && !is_use) {
            return at + 1;
        }
    }
    text.len()
}

/// A text with its comments and the insides of its literals cut out.
fn plain(text: &str) -> String {
    let mut kept = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['/', '"', '\'']) {
        kept.push_str(&rest[..at]);
        rest = &rest[at..];
        let skipped = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if let Some(end) = raw_end(&kept).filter(|_| rest.starts_with('"')) {
            rest[1..]
                .find(&end)
                .map_or(rest.len(), |at| 1 + at + end.len())
        } else if rest.starts_with('"') {
            literal_length(rest, '"')
        } else if is_letter_literal(rest) {
            literal_length(rest, '\'')
        } else {
            kept.push_str(&rest[..1]);
            1
        };
        rest = &rest[skipped..];
    }
    kept + rest
}

/// What ends the literal of a quote that stands behind a text, where it is a raw one.
fn raw_end(before: &str) -> Option<String> {
    let opening = before.trim_end_matches('#');
    let word = opening.strip_suffix('r')?;
    let word = word.strip_suffix('b').unwrap_or(word);
    let is_word = word.ends_with(|letter: char| letter.is_alphanumeric() || letter == '_');
    (!is_word).then(|| format!("\"{}", &before[opening.len()..]))
}

/// Whether a quote begins a letter, not a lifetime.
fn is_letter_literal(text: &str) -> bool {
    let mut letters = text.chars().skip(1);
    text.starts_with('\'') && (letters.next() == Some('\\') || letters.next() == Some('\''))
}

/// How long the literal is that stands at the start of a text, both quotes counted.
fn literal_length(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, letter) in text.char_indices().skip(1) {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if letter == quote => return at + quote.len_utf8(),
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(files: &[(&str, &str)]) -> Graph {
        let texts = files
            .iter()
            .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
        graph(&texts.collect())
    }

    #[test]
    fn a_circle_through_a_re_export_is_seen() {
        let graph = tree(&[
            ("lib.rs", "pub mod a; mod b;"),
            (
                "a/mod.rs",
                "mod value; mod work; pub use value::{Value as Worth, other}; pub use work::work;",
            ),
            (
                "a/value.rs",
                "use crate::b::Beside; pub struct Value(Beside);",
            ),
            (
                "a/work.rs",
                "pub fn work() -> super::Worth { super::Worth }",
            ),
            (
                "b.rs",
                "use crate::a; pub struct Beside; fn call() { a::work(); }",
            ),
        ]);
        assert_eq!(circles(&graph), [["a/value.rs", "a/work.rs", "b.rs"]]);
        assert_eq!(
            graph["a/work.rs"]["a/value.rs"],
            BTreeSet::from(["Value".to_owned()])
        );
        assert!(
            graph["a/mod.rs"].is_empty(),
            "handing on is no need: {graph:#?}"
        );
    }

    #[test]
    fn what_only_tests_compile_hides_itself_alone() {
        let one = "#[cfg(test)]\nmod tests;\n#[cfg(test)]\nuse crate::c::{C, D};
            #[cfg(all(test, unix))] fn f(c: crate::c::C) -> [u8; 2] { '{'; \"}\"; [1, 2] }
            use crate::two::Two; // use crate::c::C;";
        let graph = tree(&[
            ("lib.rs", "mod one; mod two; mod c;"),
            ("one.rs", one),
            (
                "two.rs",
                "pub struct Two; /* crate::c::C */ fn f<'a>() { r#\"crate::c::\"C\"#; crate::one::x() }",
            ),
            ("c.rs", "use crate::one::x;"),
        ]);
        assert_eq!(circles(&graph), [["one.rs", "two.rs"]]);
        assert!(!graph["one.rs"].contains_key("c.rs"), "{graph:#?}");
    }
}

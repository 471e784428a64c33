//! An import run inside the test: the real stages, journal and files over a
//! transport that the test can cut or tamper with, against a sandbox in memory.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures::FutureExt;
use futures::future::BoxFuture;
use tickethaul::error::Error;
use tickethaul::hubspot::{
    Client, Headers, Method, Reply, Request, Route, SchemaParts, Settings, Token, Transport,
    TransportError, Upload,
};
use tickethaul::import::flow::Operation;
use tickethaul::import::job::Job;
use tickethaul::import::job::{Options, Unknown};
use tickethaul::import::links::LinkKinds;
use tickethaul::import::notes::attachments::FileSources;
use tickethaul::import::notes::comments::{CommentInput, Rest, gather};
use tickethaul::import::plan::family_keys::FamilyKeys;
use tickethaul::import::read::{Input, Sources};
use tickethaul::import::resume::folder::RunFolder;
use tickethaul::import::run::run;
use tickethaul::import::settle::steps::Steps;
use tickethaul::import::stop::StopSwitch;
use tickethaul::journal::{
    CommentReading, Durability, Header, PlanReading, PlanRef, PlanWriter, PortalPath, Reading,
    RunOptions,
};
use tickethaul::mapping::{CompiledMapping, MappingFile};
use tickethaul::model::dialect::Dialect;
use tickethaul::model::event::{Event, Listener, Summary};
use tickethaul::model::learned::KnownFacts;
use tickethaul::model::schema::Schema;
use tickethaul::review::plan::run::{Planning, plan};
use tokio::sync::Notify;

use super::conversation::COMMENTS;
use super::filed;
use super::{Answer, Portal, raw};

/// The life of a run: it ends at a step.
#[derive(Default)]
pub struct Life {
    passed: AtomicU64,
    ends_at: Option<u64>,
    over: AtomicBool,
    death: Notify,
}

impl Life {
    /// A life that ends at step `k`, counted from 1.
    pub fn until(k: u64) -> Arc<Life> {
        Arc::new(Life {
            ends_at: Some(k),
            ..Life::default()
        })
    }

    /// A life that no step ends.
    pub fn whole() -> Arc<Life> {
        Arc::default()
    }

    /// Passes a step, if there is life left.
    fn pass(&self) -> bool {
        let step = self.passed.fetch_add(1, Ordering::SeqCst) + 1;
        if self.ends_at.is_some_and(|end| step >= end) {
            self.over.store(true, Ordering::SeqCst);
            self.death.notify_waiters();
            self.death.notify_one();
        }
        !self.over.load(Ordering::SeqCst)
    }

    /// Whether it ended.
    pub fn is_over(&self) -> bool {
        self.over.load(Ordering::SeqCst)
    }
}

/// Changes replies on their way: given the path, the number of the call to that
/// path, and the reply.
pub type Tamper = dyn Fn(&str, u64, Reply) -> Reply + Send + Sync;

/// Calls that end with a life and replies that are tampered with.
struct Wire {
    portal: Arc<Portal>,
    life: Arc<Life>,
    tamper: Option<Arc<Tamper>>,
    unsent: Option<&'static str>,
    calls: Mutex<std::collections::BTreeMap<String, u64>>,
}

impl Transport for Wire {
    fn send<'a>(
        &'a self,
        request: &'a Request,
        _token: Option<&'a Token>,
    ) -> BoxFuture<'a, Result<Reply, TransportError>> {
        async move {
            self.live_through().await;
            let path = request.bare_path().to_owned();
            if self.unsent.is_some_and(|end| path.ends_with(end)) {
                return Ok(used_up());
            }
            if let Some(upload) = &request.upload {
                let answer = self.uploaded(&request.path, upload).await;
                self.live_through().await;
                return Ok(reply(&answer));
            }
            let method = match request.method {
                Method::GET => "GET",
                Method::DELETE => "DELETE",
                _ => "POST",
            };
            let body = request.body.clone().unwrap_or_default();
            let body = String::from_utf8(body.to_vec()).expect("a JSON body");
            let answer = self.portal.call(method, &request.path, &body).await;
            self.live_through().await;
            let reply = reply(&answer);
            let mut calls = self.calls.lock().expect("nobody panicked");
            let nth = calls.entry(path.clone()).or_default();
            *nth += 1;
            Ok(match &self.tamper {
                Some(tamper) => tamper(&path, *nth, reply),
                None => reply,
            })
        }
        .boxed()
    }
}

impl Wire {
    /// A form with a file, whole.
    async fn uploaded(&self, path: &str, upload: &Upload) -> Answer {
        let mut body = upload.before.to_vec();
        if let Some((file, _)) = &upload.file {
            body.extend(std::fs::read(file).expect("the file is there"));
        }
        body.extend(&upload.after);
        let address = self.portal.sandbox.address();
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer sandbox\r\n\
             Content-Type: multipart/form-data; boundary={}\r\nContent-Length: {}\r\n\
             Connection: close\r\n\r\n",
            upload.boundary,
            body.len()
        );
        let request = [head.into_bytes(), body].concat();
        Answer::of(&raw(address, &request).await.0)
    }

    /// A dead process neither sends nor hears: it waits for ever.
    async fn live_through(&self) {
        if !self.life.pass() {
            std::future::pending::<()>().await;
        }
    }
}

/// What a portal says whose allowance of the day is used up.
fn used_up() -> Reply {
    let body = r#"{"status":"error","message":"You have reached your daily limit.","errorType":"RATE_LIMIT","policyName":"DAILY"}"#;
    Reply {
        status: 429,
        headers: Headers::default(),
        body: Bytes::from_static(body.as_bytes()),
    }
}

fn reply(answer: &Answer) -> Reply {
    let headers = answer
        .head
        .lines()
        .skip(1)
        .filter_map(|line| line.split_once(": "));
    let headers = headers.fold(Headers::default(), |all, (name, value)| {
        all.with(name, value)
    });
    Reply {
        status: answer.status,
        headers,
        body: Bytes::from(answer.body.clone()),
    }
}

struct Deaf;

impl Listener for Deaf {
    fn hear(&self, _event: &Event) {}
}

/// An import in a folder, and the portal that it goes into. Where a plan stands beside the
/// folder, it is applied.
pub struct InProcess {
    /// The portal.
    pub portal: Arc<Portal>,
    /// What is done with the rows.
    pub operation: Operation,
    /// Rows are compared before they are sent.
    pub diff: bool,
    /// The input.
    pub input: PathBuf,
    /// The mapping's text.
    pub mapping: String,
    /// The run folder.
    pub folder: PathBuf,
    /// Rows of a batch.
    pub batch_size: usize,
    /// What is known of the portal.
    pub facts: KnownFacts,
    /// Changes replies.
    pub tamper: Option<Arc<Tamper>>,
    /// Calls to paths that end so do not reach the portal: the day's allowance is said to
    /// be used up.
    pub unsent: Option<&'static str>,
}

impl InProcess {
    /// Begins the run, or goes on with it when there is a journal. Nothing comes
    /// back when the life ended first; whatever the run began has ended then.
    pub async fn go(&self, life: &Arc<Life>) -> Option<Result<Summary, Error>> {
        let steps = Arc::clone(life);
        let watched = Steps::watched(move |_| steps.pass());
        let going = self.begin(watched, life);
        let ended = tokio::select! {
            biased;
            () = life.death.notified() => None,
            ended = going => Some(ended),
        };
        if life.is_over() {
            self.wait_for_threads(life).await;
            return None;
        }
        ended
    }

    /// Plans the run, so that it applies the plan.
    pub async fn plan(&self) {
        let folder = self.plan_folder();
        std::fs::create_dir(&folder).expect("a folder");
        let client = self.client(&Life::whole());
        let portal_id = client.account().await.expect("an account").portal_id;
        let mapping = MappingFile::parse("test.toml", &self.mapping).expect("a mapping");
        let sources = Sources::find(std::slice::from_ref(&self.input), None);
        let input = Input::open(sources.expect("an input"), &Dialect::default());
        let input = input.expect("an input");
        let schema = client.schema(SchemaParts::ALL).await.expect("a schema");
        let compiled = mapping
            .compile(input.headers(), &schema, self.operation.purpose())
            .expect("a fitting mapping");
        let kinds = LinkKinds::read(&client, &compiled).await;
        let header = Header {
            run: "plan".to_owned(),
            ..self.header(portal_id, &mapping, &input, schema.clone())
        };
        let writer = PlanWriter::create(&folder, &header, &[]).expect("a plan");
        let planning = Planning {
            files: None,
            values: tickethaul::model::value_rule::RuleBook::default(),
            client: &client,
            operation: self.operation,
            mapping: Arc::new(compiled),
            kinds: &kinds.expect("links that the portal knows"),
            pipelines: &schema.pipelines,
            rivals: FamilyKeys::default(),
            knows_keys: true,
            limit: None,
        };
        let planned = plan(&planning, input, writer, |_, _| {}).await;
        let _planned = planned.expect("a plan");
    }

    fn plan_folder(&self) -> PathBuf {
        self.folder.with_file_name("plan")
    }

    fn client(&self, life: &Arc<Life>) -> Client {
        let wire = Wire {
            portal: Arc::clone(&self.portal),
            life: Arc::clone(life),
            tamper: self.tamper.clone(),
            unsent: self.unsent,
            calls: Mutex::default(),
        };
        let mut settings = Settings::default();
        if self.mapping.contains("[[notes]]") {
            // Notes of a life that ended wait until none of its calls can come late.
            settings.timeout = Duration::from_millis(400);
        }
        Client::over(Arc::new(wire), settings)
    }

    fn header(
        &self,
        portal_id: u64,
        mapping: &MappingFile,
        input: &Input,
        schema: Schema,
    ) -> Header {
        let folder = self.plan_folder();
        Header {
            run: String::new(),
            parent: None,
            operation: self.operation.word().to_owned(),
            diff: self.diff,
            portal_id,
            portal: PortalPath::Url(String::new()),
            mapping_path: PathBuf::from("test.toml"),
            mapping_text: self.mapping.clone(),
            tables: mapping.tables().clone(),
            inputs: input.fingerprints().expect("fingerprints"),
            schema,
            no_key: false,
            encoding: None,
            delimiter: None,
            run_options: RunOptions::default(),
            undoes: None,
            plan: PlanReading::is_there(&folder).then(|| PlanRef {
                id: "plan".to_owned(),
                folder,
            }),
        }
    }

    /// The threads of a run that was dropped hold its steps, and with them its life.
    async fn wait_for_threads(&self, life: &Arc<Life>) {
        while Arc::strong_count(life) > 1 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// Gives rows their comments, which stand in a file beside the input.
    fn join_comments(
        &self,
        input: &mut Input,
        mapping: &Arc<CompiledMapping>,
        folder: &Path,
    ) -> Result<(), Error> {
        if !mapping.has_comment_files() {
            return Ok(());
        }
        if CommentReading::is_there(folder) {
            return input.join_comments(folder, mapping);
        }
        let open = |file| {
            let beside = self.input.with_file_name(COMMENTS);
            CommentInput::open(file, Sources::find(&[beside], None)?)
        };
        let files = mapping.comment_files().into_iter().map(open);
        let files = files.collect::<Result<_, _>>()?;
        gather(input, mapping, files, folder, Rest::Written).map(drop)
    }

    /// Files are taken along where the input has a folder of them beside it.
    fn files(&self) -> Option<FileSources> {
        let folder = self.input.with_file_name(filed::FOLDER);
        folder.is_dir().then(|| FileSources {
            folder: Some(folder),
            hosts: Vec::new(),
            route: Route::default(),
            most: 1_000_000,
            earlier: Arc::default(),
        })
    }

    async fn begin(&self, steps: Steps, life: &Arc<Life>) -> Result<Summary, Error> {
        let client = self.client(life);
        let account = client.account().await.expect("an account");
        let mapping = MappingFile::parse("test.toml", &self.mapping).expect("a mapping");
        let files = self.files();
        let mapping = match files {
            Some(_) => mapping.with_files(),
            None => mapping,
        };
        let mut input = Input::open(
            Sources::find(std::slice::from_ref(&self.input), None)?,
            &Dialect::default(),
        )?;
        let schema = client.schema(SchemaParts::ALL).await.expect("a schema");
        let begun = self.folder.join("run.db").exists();
        let (folder, past) = match begun {
            true => {
                let folder = RunFolder::open(&self.folder)?;
                let past = Reading::open(folder.path())?.past()?;
                (folder, Some(past))
            }
            false => {
                // Without a journal nothing was sent, so a new run is as good.
                let _old = std::fs::remove_dir_all(&self.folder);
                (
                    RunFolder::create(self.operation.word(), Some(&self.folder))?,
                    None,
                )
            }
        };
        let compiled = mapping
            .compile(input.headers(), &schema, self.operation.purpose())
            .expect("a fitting mapping");
        let compiled = Arc::new(compiled);
        self.join_comments(&mut input, &compiled, folder.path())?;
        let header = self.header(account.portal_id, &mapping, &input, schema);
        let plan = header.plan.as_ref().map(PlanReading::open_for_run);
        let links = LinkKinds::read(&client, &compiled).await;
        let job = Job {
            operation: self.operation,
            links: links.expect("links that the portal knows"),
            input,
            mapping: compiled,
            header,
            folder,
            past,
            rivals: FamilyKeys::default(),
            facts: self.facts.clone(),
            plan: plan.transpose()?,
            files,
            options: Options {
                batch_size: self.batch_size,
                concurrency: 3,
                max_refused: None,
                limit: None,
                horizon: Duration::from_millis(20),
                unknown: Unknown::Leave,
                durability: Durability::Full,
                stop: StopSwitch::default(),
                steps,
            },
        };
        run(job, client, account, Arc::new(Deaf)).await
    }
}

/// Every ticket of a portal with these properties and its contacts' ids.
pub async fn tickets(portal: &Portal, properties: &str) -> Vec<serde_json::Value> {
    let mut all = Vec::new();
    let mut after = String::new();
    loop {
        let path = format!(
            "/crm/v3/objects/tickets?limit=100&properties={properties}&associations=contacts{after}"
        );
        let page = portal.get(&path).await.expect(200);
        all.extend(page["results"].as_array().expect("results").clone());
        match page["paging"]["next"]["after"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => return all,
        }
    }
}

/// How many contacts a portal holds.
pub async fn contacts(portal: &Portal) -> usize {
    let mut count = 0;
    let mut after = String::new();
    loop {
        let path = format!("/crm/v3/objects/contacts?limit=100{after}");
        let page = portal.get(&path).await.expect(200);
        count += page["results"].as_array().expect("results").len();
        match page["paging"]["next"]["after"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => return count,
        }
    }
}

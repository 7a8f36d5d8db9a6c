//! Foreign runtimes, installed once under cargo's target directory from their ordinary package registries.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::time::Duration;

use crate::process::{Failed, run, target};

const LIMIT: Duration = Duration::from_secs(300);

/// Installations happen one after the other, whoever asks for them.
static INSTALLING: Mutex<()> = Mutex::new(());

/// Why a runtime cannot be had.
#[derive(Debug)]
pub enum Unavailable {
    /// The interpreter that it needs is not there.
    NoInterpreter(&'static str),
    /// A step of its installation failed.
    Installation(Failed),
    /// The file system refused.
    Io(std::io::Error),
}

impl std::fmt::Display for Unavailable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoInterpreter(what) => write!(f, "{what} cannot be found"),
            Self::Installation(failed) => write!(f, "its installation failed: {failed}"),
            Self::Io(error) => write!(f, "its installation failed: {error}"),
        }
    }
}

impl std::error::Error for Unavailable {}

impl From<Failed> for Unavailable {
    fn from(failed: Failed) -> Self {
        Self::Installation(failed)
    }
}

impl From<std::io::Error> for Unavailable {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error)
    }
}

/// A Python 3 interpreter whose virtual environment has the package `websockets`.
pub fn python_websockets() -> Result<PathBuf, Unavailable> {
    once("python-websockets-17.4", |dir, log| {
        let python = find(&["python3"]).ok_or(Unavailable::NoInterpreter("Python 3"))?;
        run(Command::new(python).args(["-m", "venv"]).arg(dir), log, LIMIT)?;
        pip_install(dir, &["websockets==17.4"], log)
    })
    .map(|dir| dir.join("bin/python"))
}

/// A Python 3 interpreter whose virtual environment has FastAPI, the server uvicorn, and `PyJWT`.
pub fn python_fastapi() -> Result<PathBuf, Unavailable> {
    once("python-fastapi-0.165.0", |dir, log| {
        let python = find(&["python3"]).ok_or(Unavailable::NoInterpreter("Python 3"))?;
        run(Command::new(python).args(["-m", "venv"]).arg(dir), log, LIMIT)?;
        let packages = ["fastapi==0.165.0", "uvicorn==0.54.0", "websockets==17.4", "pyjwt==2.15.1"];
        pip_install(dir, &packages, log)
    })
    .map(|dir| dir.join("bin/python"))
}

/// A Python 3 interpreter whose virtual environment has the package `proxy.py`.
pub fn python_proxy() -> Result<PathBuf, Unavailable> {
    once("python-proxy-2.4.10", |dir, log| {
        let python = find(&["python3"]).ok_or(Unavailable::NoInterpreter("Python 3"))?;
        run(Command::new(python).args(["-m", "venv"]).arg(dir), log, LIMIT)?;
        pip_install(dir, &["proxy.py==2.4.10"], log)
    })
    .map(|dir| dir.join("bin/python"))
}

/// The directory whose `node_modules` has the package `ws`, and the `node` to run it with.
pub fn node_ws() -> Result<(PathBuf, PathBuf), Unavailable> {
    node_package("ws", "8.23.0")
}

/// The directory whose `node_modules` has the package `oidc-provider`, and the `node` to run it with.
pub fn node_oidc_provider() -> Result<(PathBuf, PathBuf), Unavailable> {
    node_package("oidc-provider", "9.13.3")
}

/// The directory whose `node_modules` has the package `@pondwader/socks5-server`, and the `node` to run it with.
pub fn node_socks5_server() -> Result<(PathBuf, PathBuf), Unavailable> {
    node_package("@pondwader/socks5-server", "1.0.10")
}

fn node_package(name: &str, version: &str) -> Result<(PathBuf, PathBuf), Unavailable> {
    let node = find(&["node", "nodejs"]).ok_or(Unavailable::NoInterpreter("node"))?;
    let dir = once(&format!("node-{name}-{version}"), |dir, log| {
        let npm = find(&["npm"]).ok_or(Unavailable::NoInterpreter("npm"))?;
        run(
            Command::new(npm)
                .args(["install", "--no-audit", "--no-fund", "--prefix"])
                .arg(dir)
                .arg(format!("{name}@{version}")),
            log,
            LIMIT,
        )?;
        Ok(())
    })?;
    Ok((node, dir))
}

/// Autobahn's `wstest`, version 25.10.1: a virtual environment of Python 2.7 has it, or else the one on
/// `PATH`.
pub fn wstest() -> Result<PathBuf, Unavailable> {
    let installed = once("autobahn-25.10.1", |dir, log| {
        let python = python27().ok_or(Unavailable::NoInterpreter("Python 2.7"))?;
        // The last virtualenv without dependencies; it brings the last pip that knows Python 2.7.
        let bootstrap = dir.join("bootstrap");
        run(
            Command::new(&python)
                .args(["-m", "pip", "install", "--quiet", "--target"])
                .arg(&bootstrap)
                .arg("virtualenv==16.7.12"),
            log,
            LIMIT,
        )?;
        run(
            Command::new(&python)
                .env("PYTHONPATH", &bootstrap)
                .args(["-m", "virtualenv", "--no-download"])
                .arg(dir),
            log,
            LIMIT,
        )?;
        pip_install(dir, &["autobahntestsuite==25.10.1"], log)
    });
    match installed {
        Ok(dir) => Ok(dir.join("bin/wstest")),
        Err(why) => find_with(&["wstest"], "-a").ok_or(why),
    }
}

/// A Python 2.7: on `PATH`, or among pyenv's versions whichever of them is switched on.
fn python27() -> Option<PathBuf> {
    find(&["python2.7"]).or_else(|| {
        let root = Command::new("pyenv").arg("root").output().ok()?;
        let root = PathBuf::from(String::from_utf8(root.stdout).ok()?.trim());
        let mut versions: Vec<PathBuf> = fs::read_dir(root.join("versions"))
            .ok()?
            .filter_map(|entry| Some(entry.ok()?.path().join("bin/python2.7")))
            .filter(|python| works(python, "--version"))
            .collect();
        versions.sort();
        versions.pop()
    })
}

fn pip_install(environment: &Path, packages: &[&str], log: &Path) -> Result<(), Unavailable> {
    let mut command = Command::new(environment.join("bin/python"));
    command.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]).args(packages);
    Ok(run(&mut command, log, LIMIT)?)
}

/// Makes the directory `target/runtimes/NAME` once. A marker written last tells a whole one from what an
/// interrupted installation left behind.
fn once(
    name: &str,
    install: impl FnOnce(&Path, &Path) -> Result<(), Unavailable>,
) -> Result<PathBuf, Unavailable> {
    let _one_at_a_time = INSTALLING.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let runtimes = target().join("runtimes");
    let dir = runtimes.join(name);
    let marker = dir.join(".complete");
    if !marker.exists() {
        if dir.exists() {
            fs::remove_dir_all(&dir)?;
        }
        fs::create_dir_all(&dir)?;
        install(&dir, &runtimes.join(format!("{name}.log")))?;
        fs::write(marker, "")?;
    }
    Ok(dir)
}

fn find(names: &[&str]) -> Option<PathBuf> {
    find_with(names, "--version")
}

/// The first of these programs on `PATH` that runs: pyenv's shims stand there even for versions that are
/// switched off.
fn find_with(names: &[&str], version_flag: &str) -> Option<PathBuf> {
    names.iter().map(PathBuf::from).find(|name| works(name, version_flag))
}

fn works(program: impl AsRef<OsStr>, version_flag: &str) -> bool {
    Command::new(program)
        .arg(version_flag)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

//! A server under measurement: a process of its own on one core, and what the kernel says about it.

use std::fs;
use std::io::{self, BufRead, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// How to start a server.
#[derive(Debug)]
pub struct Candidate {
    /// What it is called in the table.
    pub name: &'static str,
    /// Its file beside the program that measures.
    pub program: &'static str,
    /// Its arguments.
    pub arguments: &'static [&'static str],
}

/// A running server; it ends when this is dropped.
#[derive(Debug)]
pub struct Server {
    process: Child,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Server {
    /// Starts a server on core `core` and waits until it listens.
    ///
    /// # Errors
    ///
    /// What keeps it from being started, or its end before it listens.
    pub fn start(candidate: &Candidate, core: usize) -> io::Result<Self> {
        let mut process = Command::new("taskset")
            .arg("-c")
            .arg(core.to_string())
            .arg(directory()?.join(candidate.program))
            .args(candidate.arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let output = process.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
        for line in BufReader::new(output).lines() {
            if let Some(address) = address(&line?) {
                return Ok(Self { process, address });
            }
        }
        process.kill()?;
        process.wait()?;
        Err(io::Error::other(format!("{} ended without listening", candidate.program)))
    }

    /// The time that all threads together have run so far, in nanoseconds.
    ///
    /// # Errors
    ///
    /// It has ended.
    pub fn cpu(&self) -> io::Result<u64> {
        let mut sum = 0;
        for task in fs::read_dir(format!("/proc/{}/task", self.process.id()))? {
            let text = fs::read_to_string(task?.path().join("schedstat"))?;
            sum += text.split(' ').next().and_then(|field| field.parse::<u64>().ok()).unwrap_or(0);
        }
        Ok(sum)
    }

    /// The memory that the process itself occupies, in bytes; sockets are the kernel's and not in it.
    ///
    /// # Errors
    ///
    /// It has ended.
    pub fn resident(&self) -> io::Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.trim().split(' ').next()?.parse::<u64>().ok());
        Ok(kib.ok_or(io::ErrorKind::NotFound)? * 1024)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Where this program and the servers lie.
fn directory() -> io::Result<PathBuf> {
    let mut path = std::env::current_exe()?;
    path.pop();
    Ok(path)
}

/// The address in `listening on URL`.
fn address(line: &str) -> Option<SocketAddr> {
    let url = line.split("listening on ").nth(1)?;
    url.split("://").nth(1)?.split(['/', ' ']).next()?.parse().ok()
}

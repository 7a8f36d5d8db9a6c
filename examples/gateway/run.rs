//! From the start to the end of the program.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::admin::{Admin, Pages};
use crate::assemble::{Assembled, Parts, assemble};
use crate::config::{Config, Fault, Problem};
use crate::log;
use crate::reload::Running;
use crate::watch::Watch;

/// Says whether a configuration is right, and everything that is wrong with it.
pub(crate) fn check(file: &Path) -> ExitCode {
    match load(file, &Parts::default()) {
        Ok((config, _)) => {
            println!("{}: the configuration is valid, {} routes", file.display(), config.routes.len());
            ExitCode::SUCCESS
        }
        Err(problems) => refuse(&problems),
    }
}

/// Serves until the program is asked to end.
pub(crate) async fn serve(file: &Path) -> ExitCode {
    // Looked at before it is read, so that no change in between is missed.
    let mut watch = Watch::new(&BTreeSet::from([file.to_owned()]));
    let (config, assembled) = match load(file, &Parts::default()) {
        Ok(loaded) => loaded,
        Err(problems) => return refuse(&problems),
    };
    let Assembled { builder, files, parts, take_over } = assembled;
    watch.follow(&files);
    let server = match builder.bind().await {
        Ok(server) => server,
        Err(error) => return refuse(&[config.listen.place.problem(error.into())]),
    };
    for change in take_over {
        change();
    }
    let admin = match &config.admin_listen {
        None => None,
        Some(address) => match Admin::bind(&address.0).await {
            Ok(admin) => Some(admin),
            Err(error) => return refuse(&[address.place.problem(Fault::Address(error))]),
        },
    };
    let scheme = if config.tls.is_some() { "wss" } else { "ws" };
    println!("listening on {scheme}://{}/", server.local_addr());
    let ending = Arc::new(AtomicBool::new(false));
    if let Some(admin) = admin {
        if let Ok(address) = admin.local_addr() {
            println!("admin on http://{address}/");
        }
        let revocations = parts.revocations.clone();
        let pages = Pages { server: server.handle(), revocations, ending: Arc::clone(&ending) };
        tokio::spawn(admin.serve(pages));
    }
    tokio::spawn(Running::new(&config, server.handle(), parts, watch).follow());
    let handle = server.handle();
    tokio::spawn(async move {
        examples::asked_to_end().await;
        ending.store(true, Ordering::Relaxed);
        handle.shutdown();
    });
    match server.serve().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(%error, "the server has ended");
            ExitCode::FAILURE
        }
    }
}

/// A configuration, and the server that it describes.
fn load(file: &Path, before: &Parts) -> Result<(Config, Assembled), Vec<Problem>> {
    let config = Config::load(file)?;
    let assembled = assemble(&config, before)?;
    Ok((config, assembled))
}

/// The program does not begin with what is wrong.
fn refuse(problems: &[Problem]) -> ExitCode {
    log::problems(problems);
    ExitCode::from(2)
}

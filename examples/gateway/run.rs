//! From the start to the end of the program.

use std::path::Path;
use std::process::ExitCode;

use crate::assemble::{Assembled, Parts, assemble};
use crate::config::{Config, Problem};
use crate::log;
use crate::reload::Running;

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
    let (config, assembled) = match load(file, &Parts::default()) {
        Ok(loaded) => loaded,
        Err(problems) => return refuse(&problems),
    };
    let Assembled { builder, files, parts, .. } = assembled;
    let server = match builder.bind().await {
        Ok(server) => server,
        Err(error) => return refuse(&[config.listen.place.problem(error.into())]),
    };
    let scheme = if config.tls.is_some() { "wss" } else { "ws" };
    tokio::spawn(Running::new(&config, server.handle(), parts, &files).follow());
    examples::serve(server, scheme).await
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

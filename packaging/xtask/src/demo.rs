//! `cargo xtask demo`: the whole product in two minutes, told in the terminal.
//!
//! Each step checks what it shows, so the demo fails where the product does. Unless asked to keep things
//! running, it leaves nothing behind but the shipped evidence and the trust file in `target/demo`.

mod evidence;
mod story;
mod world;

use harness::tree;

use crate::error::TaskError;
use crate::terminal::{self, heading, shown, typed};
use crate::{build, setup, shell};
use world::World;

/// Installs and builds what is missing, then shows it.
pub(crate) fn run(keep: bool) -> Result<(), TaskError> {
    setup::for_demo()?;
    heading("Building the product");
    build::binaries()?;
    show(keep)
}

/// Shows what has been built.
pub(crate) fn show(keep: bool) -> Result<(), TaskError> {
    let stamp = harness::run(std::process::Command::new("date").args(["-u", "+%Y%m%dT%H%M%SZ"]))?;
    let folder = tree::target().join("demo").join(stamp.trim());
    shell::make_folder(&tree::target().join("demo"))?;

    heading("A PostgreSQL server full of patients, and the gateway in front of it");
    let mut world = World::create(&folder, keep)?;
    let told = tell(&mut world);
    match (told, keep) {
        (Ok(()), true) => {
            // It was drained, so that all evidence was shipped.
            world.gateway.up()?;
            invite(&world)
        }
        (Ok(()), false) => {
            world.end()?;
            terminal::heading("Nothing is left running. The evidence is yours to verify again:");
            typed(&evidence::command(&folder));
            println!();
            Ok(())
        }
        (Err(error), _) => {
            eprintln!("\nThe gateway's log:\n{}", world.gateway.log());
            let _ = world.end();
            Err(error)
        }
    }
}

fn tell(world: &mut World) -> Result<(), TaskError> {
    story::agent_sees_no_phi(world)?;
    story::notes_and_documents_are_scanned(world)?;
    story::nothing_escapes(world)?;
    story::refusals_are_exact(world)?;
    evidence::is_shipped(world)?;
    evidence::is_verified(world)?;
    evidence::gives_a_flipped_byte_away(world)
}

/// Leaves everything up, and says how to get in.
fn invite(world: &World) -> Result<(), TaskError> {
    heading("Everything is still running");
    let folder = world.folder.display();
    typed(&format!(
        "export PGPASSWORD=$({} token --dir {folder} --subject ci-agent --groups agents)",
        tree::binary("lazaret")?.display()
    ));
    typed(&format!(
        "psql \"host=localhost port={} user=ci-agent dbname={} sslmode=verify-full sslrootcert={}\"",
        world.gateway.port(),
        World::DATABASE,
        world.gateway.authority().display()
    ));
    println!("\n  To stop it all:\n");
    let ids = [world.gateway.id(), Some(world.postgres.id())];
    let ids: Vec<String> = ids.iter().flatten().map(u32::to_string).collect();
    typed(&format!("kill {}; rm -rf {}", ids.join(" "), world.postgres.folder().display()));
    println!();
    shown("kept");
    Ok(())
}

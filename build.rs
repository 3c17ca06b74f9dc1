//! Turns `proto/` into Rust without a protoc on the machine: messages, clients and servers by tonic-prost, and from the
//! `validate.rules` options one `Validate` implementation a message.

use std::{env, error::Error, fs, path::PathBuf, process::Command};

use prost::Message as _;
use prost_reflect::DescriptorPool;

#[path = "build/rules.rs"]
mod rules;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=proto");
    println!("cargo::rerun-if-changed=build");
    println!("cargo::rustc-env=TOOLCHAIN={}", toolchain());
    let out = PathBuf::from(env::var("OUT_DIR")?);

    let files = proto_files()?;
    let mut compiler = protox::Compiler::new(["proto"])?;
    compiler.include_imports(true).include_source_info(false).open_files(&files)?;
    // Encoded, because only this form keeps the rules: they are extensions, which the typed descriptors drop.
    let encoded = compiler.encode_file_descriptor_set();
    fs::write(out.join("wire.bin"), &encoded)?;

    let descriptors = prost_types::FileDescriptorSet::decode(encoded.as_slice())?;
    let mut config = prost_build::Config::new();
    config.enable_type_names();
    tonic_prost_build::configure()
        .btree_map(".") // sorted map keys: equal messages are equal bytes
        .generate_default_stubs(true) // a method that a service leaves out answers Unimplemented
        .include_file("wire.rs")
        .compile_fds_with_config(descriptors, config)?;

    let pool = DescriptorPool::decode(encoded.as_slice())?;
    fs::write(out.join("rules.rs"), rules::generate(&pool)?)?;
    Ok(())
}

/// The compiler's name and version, for what the program says about itself.
fn toolchain() -> String {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let told = Command::new(rustc).arg("--version").output();
    let told = told.ok().and_then(|out| String::from_utf8(out.stdout).ok()).unwrap_or_default();
    // Without the date and the commit: `rustc 1.95.0`.
    told.split_whitespace().take(2).collect::<Vec<_>>().join(" ")
}

/// Every file below `proto/`, relative to it, in a stable order.
fn proto_files() -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let (mut found, mut open) = (Vec::new(), vec![PathBuf::from("proto")]);
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder)? {
            let path = entry?.path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|e| e == "proto") {
                found.push(path.strip_prefix("proto")?.to_path_buf());
            }
        }
    }
    found.sort();
    Ok(found)
}

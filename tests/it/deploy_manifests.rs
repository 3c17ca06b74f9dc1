//! The Kubernetes manifests: every overlay is what the API server takes, runs under the restricted profile, and keeps the promises
//! of docs/operations.md.

use std::{collections::BTreeSet, path::Path};

use serde_json::{Value, json};

use crate::support::manifests::{
    self, NAME, arguments, container, data, documents, environment, every_overlay, kind, kustomization, name,
    of_kind, overlays, pods, rendered, schema::Schema,
};

/// Those that keep a process running.
fn every_deployment() -> Vec<(String, Vec<Value>)> {
    every_overlay().into_iter().filter(|(_, objects)| !of_kind(objects, "Deployment").is_empty()).collect()
}

#[test]
fn every_object_is_what_kubernetes_takes() {
    let schema = Schema::load();
    for (overlay, objects) in every_overlay() {
        for object in &objects {
            assert_eq!(schema.faults(object), [""; 0], "{overlay}");
        }
    }
    let component = Path::new("deploy/kubernetes/components/telemetry/network-policy.yaml");
    assert_eq!(schema.faults(&documents(component)[0]), [""; 0]);
    assert_eq!(schema.stray_words(), [""; 0]);
}

#[test]
fn an_unknown_field_a_wrong_type_and_a_missing_field_are_told_with_their_path() {
    let schema = Schema::load();
    let mut deployment = of_kind(&rendered("grpc"), "Deployment")[0].clone();
    let pod = deployment.pointer_mut("/spec/template/spec").unwrap();
    pod["containers"][0]["imagePullPolice"] = "Always".into();
    pod["containers"][0]["ports"][0]["containerPort"] = "9090".into();
    pod["containers"][0]["resources"]["limits"]["memory"] = "256 MB".into();
    pod["containers"][0]["imagePullPolicy"] = "Sometimes".into();
    pod["volumes"][0].as_object_mut().unwrap().remove("name");
    let mut faults = schema.faults(&deployment);
    faults.sort_unstable();
    let container = "Deployment/baton-ninja-one.spec.template.spec.containers[0]";
    assert_eq!(
        faults,
        [
            format!("{container}.imagePullPolice: no such field"),
            format!(
                "{container}.imagePullPolicy: \"Sometimes\" is none of [\"Always\", \"IfNotPresent\", \"Never\"]"
            ),
            format!("{container}.ports[0].containerPort: \"9090\" is not of type integer"),
            format!("{container}.resources.limits.memory: \"256 MB\" is not of type quantity"),
            "Deployment/baton-ninja-one.spec.template.spec.volumes[0].name: missing".to_owned(),
        ]
    );
    let stranger = json!({ "apiVersion": "v1", "kind": "Pot", "metadata": { "name": "x" } });
    assert_eq!(schema.faults(&stranger), ["unknown kind v1 Pot"]);
}

#[test]
fn every_daemon_is_probed_and_its_liveness_depends_on_nobody_else() {
    for (overlay, objects) in every_deployment() {
        let (_, template) = pods(&objects)[0];
        let container = container(template);
        let ports = container["ports"].as_array().unwrap();
        for probe in ["startupProbe", "livenessProbe"] {
            assert_eq!(
                container[probe]["httpGet"],
                json!({ "path": "/live", "port": "health" }),
                "{overlay} {probe}"
            );
        }
        let readiness = &container["readinessProbe"];
        if let Some(grpc) = readiness.get("grpc") {
            assert!(ports.iter().any(|port| port["containerPort"] == grpc["port"]), "{overlay}");
            let variables = environment(&objects, container);
            assert!(
                !variables.contains_key("BATON_LISTEN_TLS_CERT"),
                "{overlay}: the kubelet's gRPC probe has no TLS"
            );
        } else {
            assert_eq!(readiness["httpGet"], json!({ "path": "/ready", "port": "health" }), "{overlay}");
        }
        assert!(ports.iter().any(|port| port["name"] == "health"), "{overlay}");
        assert!(container.get("lifecycle").is_none(), "{overlay}: SIGTERM is enough, no hook waits");
        let annotations = &template["metadata"]["annotations"];
        assert_eq!(annotations["prometheus.io/scrape"], "true", "{overlay}");
        assert_eq!(annotations["prometheus.io/path"], "/metrics", "{overlay}");
        let port = ports.iter().find(|port| port["name"] == "health").unwrap()["containerPort"].to_string();
        assert_eq!(annotations["prometheus.io/port"], *port, "{overlay}");
    }
}

#[test]
fn every_selector_selects_the_pods_of_its_overlay() {
    for (overlay, objects) in every_overlay() {
        let labels: Vec<_> =
            pods(&objects).iter().map(|(_, template)| &template["metadata"]["labels"]).collect();
        assert!(!labels.is_empty(), "{overlay}");
        let selectors = objects.iter().filter_map(|object| match kind(object) {
            "Service" => Some(&object["spec"]["selector"]),
            "Deployment" | "PodDisruptionBudget" => Some(&object["spec"]["selector"]["matchLabels"]),
            "NetworkPolicy" => Some(&object["spec"]["podSelector"]["matchLabels"]),
            _ => None,
        });
        for selector in selectors {
            let selector = selector.as_object().unwrap();
            assert!(!selector.is_empty(), "{overlay}");
            for labels in &labels {
                assert!(
                    selector.iter().all(|(key, value)| labels.get(key) == Some(value)),
                    "{overlay}: {selector:?}"
                );
            }
        }
    }
}

#[test]
fn traffic_goes_out_to_names_https_and_the_collector_and_nowhere_else() {
    for (overlay, objects) in every_overlay() {
        let policies = of_kind(&objects, "NetworkPolicy");
        let all = policies.iter().find(|policy| name(policy) == NAME).unwrap();
        assert_eq!(all["spec"]["policyTypes"], json!(["Ingress", "Egress"]), "{overlay}");
        let ports = |rules: &Value| -> BTreeSet<i64> {
            let rules = rules.as_array().unwrap().iter();
            rules
                .flat_map(|rule| rule["ports"].as_array().unwrap())
                .map(|p| p["port"].as_i64().unwrap())
                .collect()
        };
        assert_eq!(ports(&all["spec"]["egress"]), BTreeSet::from([53, 443]), "{overlay}");
        assert_eq!(ports(&all["spec"]["ingress"]), BTreeSet::from([8081]), "{overlay}");
        let https =
            all["spec"]["egress"].as_array().unwrap().iter().find(|rule| rule["ports"][0]["port"] == 443);
        for peer in https.unwrap()["to"].as_array().unwrap() {
            let except = peer["ipBlock"]["except"].as_array().unwrap();
            assert!(
                except.iter().any(|range| ["169.254.0.0/16", "fe80::/10"].contains(&range.as_str().unwrap()))
            );
        }
        for other in policies.iter().filter(|policy| name(policy) != NAME) {
            assert_eq!(
                other["spec"]["policyTypes"],
                json!(["Ingress"]),
                "{overlay}: only the base lets traffic out"
            );
            assert_eq!(ports(&other["spec"]["ingress"]), BTreeSet::from([9090]), "{overlay}");
        }
    }
    let telemetry =
        &documents(Path::new("deploy/kubernetes/components/telemetry/network-policy.yaml"))[0]["spec"];
    assert_eq!(telemetry["egress"].as_array().unwrap().len(), 1);
    assert_eq!(telemetry["egress"][0]["ports"], json!([{ "port": 4317, "protocol": "TCP" }]));
}

#[test]
fn a_service_reaches_the_port_that_the_daemon_listens_on() {
    let mut seen = 0;
    for (overlay, objects) in every_overlay() {
        for service in of_kind(&objects, "Service") {
            let (_, template) = pods(&objects)[0];
            let container = container(template);
            let target = &service["spec"]["ports"][0]["targetPort"];
            let port =
                container["ports"].as_array().unwrap().iter().find(|port| port["name"] == *target).unwrap();
            let listen = &environment(&objects, container)["BATON_LISTEN"];
            assert!(listen.ends_with(&format!(":{}", port["containerPort"])), "{overlay}: {listen}");
            assert_eq!(arguments(container), ["serve"], "{overlay}");
            seen += 1;
        }
    }
    assert_eq!(seen, 2);
}

#[test]
fn the_image_carries_this_version_and_a_service_mode_deployment_the_vendors_variables() {
    for (overlay, objects) in every_overlay() {
        for (_, template) in pods(&objects) {
            let image = container(template)["image"].as_str().unwrap();
            assert_eq!(image, format!("{NAME}:{}", env!("CARGO_PKG_VERSION")), "{overlay}");
        }
    }
    let objects = rendered("service-mode");
    let secret = of_kind(&objects, "Secret")[0];
    assert!(name(secret).starts_with("baton-ninja-one-secrets-"));
    let keys: Vec<_> = data(secret).into_keys().collect();
    assert_eq!(
        keys,
        [
            "BATON_CLIENT_ID",
            "BATON_CLIENT_SECRET",
            "BATON_NINJA_ONE_BASE_URL",
            "BATON_NINJA_ONE_CLIENT_ID",
            "BATON_NINJA_ONE_CLIENT_SECRET",
            "BATON_PROVISIONING",
        ]
    );
    let (deployment, template) = pods(&objects)[0];
    assert_eq!(name(deployment), NAME);
    let container = container(template);
    assert_eq!(arguments(container), [""; 0], "the bare command, as the vendor's image has it");
    assert_eq!(environment(&objects, container)["BATON_HOST_ID"], NAME);
}

#[test]
fn a_secret_in_the_environment_rolls_out_when_it_changes_and_one_in_files_keeps_its_name() {
    for (overlay, objects) in every_overlay() {
        let (_, template) = pods(&objects)[0];
        let by_file =
            environment(&objects, container(template)).keys().any(|name| name.ends_with("_SECRET_FILE"));
        let secret = name(of_kind(&objects, "Secret")[0]);
        assert_eq!(secret == "baton-ninja-one-secrets", by_file, "{overlay}");
        for config in of_kind(&objects, "ConfigMap") {
            assert!(
                data(config).keys().all(|key| !key.ends_with("_SECRET")),
                "{overlay}: a secret is in a ConfigMap"
            );
        }
    }
}

#[test]
fn nothing_that_is_committed_holds_a_credential() {
    for overlay in overlays() {
        let path = Path::new(manifests::OVERLAYS).join(&overlay).join("secret.env");
        let filled: Vec<_> = kustomization::env_file(&path)
            .into_iter()
            .filter(|(_, value)| !["", "false"].contains(&value.as_str()))
            .collect();
        assert_eq!(filled, [], "{overlay}");
    }
}

#[test]
fn two_syncs_never_write_one_file_at_the_same_time() {
    let objects = rendered("scheduled-sync");
    let job = of_kind(&objects, "CronJob")[0];
    assert_eq!(job["spec"]["concurrencyPolicy"], "Forbid");
    let (_, template) = pods(&objects)[0];
    let container = container(template);
    let claim = name(of_kind(&objects, "PersistentVolumeClaim")[0]);
    let volumes = template["spec"]["volumes"].as_array().unwrap();
    let volume = volumes.iter().find(|volume| volume["persistentVolumeClaim"]["claimName"] == claim).unwrap();
    let mounts = container["volumeMounts"].as_array().unwrap();
    let mount =
        mounts.iter().find(|mount| mount["name"] == volume["name"]).unwrap()["mountPath"].as_str().unwrap();
    let file = arguments(container)[1];
    assert!(file.starts_with(&format!("{mount}/")), "{file} is on the volume");
}

#[test]
fn a_generated_name_ends_as_kustomize_ends_it() {
    // Seen from kustomize 5.5 for this content.
    let secret = json!({ "apiVersion": "v1", "kind": "Secret", "type": "Opaque", "metadata": { "name": "baton-ninja-one-secrets" },
        "data": { "BATON_NINJA_ONE_BASE_URL": "", "BATON_NINJA_ONE_CLIENT_ID": "", "BATON_NINJA_ONE_CLIENT_SECRET": "" } });
    assert_eq!(kustomization::hash(&secret), "68g896758d");
}

#[test]
fn the_telemetry_component_fits_every_daemon() {
    let patch = &documents(Path::new("deploy/kubernetes/components/telemetry/deployment.yaml"))[0];
    for (overlay, objects) in every_deployment() {
        let mut deployment = of_kind(&objects, "Deployment")[0].clone();
        manifests::merge::merge(&mut deployment, patch);
        assert_eq!(Schema::load().faults(&deployment), [""; 0], "{overlay}");
        let container = container(&deployment["spec"]["template"]);
        let variables = environment(&objects, container);
        assert!(variables["BATON_OTEL_COLLECTOR_ENDPOINT"].ends_with(":4317"), "{overlay}");
        assert!(variables.contains_key("BATON_HEALTH_CHECK"), "{overlay}: what was there stays");
    }
}

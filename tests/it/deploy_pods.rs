//! What a pod may do: the restricted profile, nowhere to write, no way to the cluster's API, bounded resources.

use serde_json::{Value, json};

use crate::support::manifests::{container, environment, every_overlay, kind, of_kind, pods, rendered};

/// The rules of the Pod Security Standard `restricted`, as far as fields that are there can break them.
fn restricted(template: &Value) -> Vec<String> {
    let spec = &template["spec"];
    let mut broken = Vec::new();
    let mut rule = |holds: bool, text: &str| {
        if !holds {
            broken.push(text.to_owned());
        }
    };
    for shared in ["hostNetwork", "hostPID", "hostIPC"] {
        rule(spec.get(shared).is_none_or(|on| on == false), shared);
    }
    let pod = &spec["securityContext"];
    rule(pod.get("sysctls").is_none() && pod.get("windowsOptions").is_none(), "sysctls and windowsOptions");
    rule(pod.get("supplementalGroups").is_none_or(|groups| groups == &json!([])), "supplementalGroups");
    let volumes = [
        "configMap",
        "csi",
        "downwardAPI",
        "emptyDir",
        "ephemeral",
        "persistentVolumeClaim",
        "projected",
        "secret",
    ];
    for volume in spec["volumes"].as_array().into_iter().flatten() {
        let sources = volume.as_object().unwrap().keys().filter(|key| *key != "name");
        sources
            .for_each(|source| rule(volumes.contains(&source.as_str()), &format!("volume of type {source}")));
    }
    for list in ["containers", "initContainers", "ephemeralContainers"] {
        for container in spec[list].as_array().into_iter().flatten() {
            let own = &container["securityContext"];
            let either = |field: &str| own.get(field).or_else(|| pod.get(field)).cloned().unwrap_or_default();
            rule(own.get("privileged").is_none_or(|on| on == false), "privileged");
            rule(own["allowPrivilegeEscalation"] == false, "allowPrivilegeEscalation");
            rule(either("runAsNonRoot") == true, "runAsNonRoot");
            rule(either("runAsUser") != 0, "runAsUser");
            let seccomp = either("seccompProfile")["type"].clone();
            rule(seccomp == "RuntimeDefault" || seccomp == "Localhost", "seccompProfile");
            let dropped = own["capabilities"]["drop"].as_array().cloned().unwrap_or_default();
            rule(dropped.contains(&"ALL".into()), "capabilities.drop");
            let added = own["capabilities"]["add"].as_array().cloned().unwrap_or_default();
            rule(added.iter().all(|capability| capability == "NET_BIND_SERVICE"), "capabilities.add");
            rule(own.get("procMount").is_none_or(|mount| mount == "Default"), "procMount");
            rule(
                container["ports"].as_array().into_iter().flatten().all(|p| p.get("hostPort").is_none()),
                "hostPort",
            );
        }
    }
    broken
}

#[test]
fn every_pod_keeps_the_restricted_profile_and_the_namespace_enforces_it() {
    for (overlay, objects) in every_overlay() {
        for (_, template) in pods(&objects) {
            assert_eq!(restricted(template), [""; 0], "{overlay}");
        }
        let namespace = of_kind(&objects, "Namespace")[0];
        assert_eq!(
            namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"], "restricted",
            "{overlay}"
        );
    }
}

#[test]
fn each_breach_of_the_restricted_profile_is_seen() {
    let objects = rendered("service-mode");
    let (_, template) = pods(&objects)[0];
    let with = |path: &str, field: &str, value: Value| {
        let mut template = template.clone();
        template.pointer_mut(path).unwrap()[field] = value;
        restricted(&template).concat()
    };
    let (pod, own) = ("/spec/securityContext", "/spec/containers/0/securityContext");
    assert_eq!(with("/spec", "hostNetwork", true.into()), "hostNetwork");
    assert_eq!(with(pod, "runAsNonRoot", false.into()), "runAsNonRoot");
    assert_eq!(with(pod, "runAsUser", 0.into()), "runAsUser");
    assert_eq!(with(pod, "seccompProfile", json!({ "type": "Unconfined" })), "seccompProfile");
    assert_eq!(with(own, "allowPrivilegeEscalation", Value::Null), "allowPrivilegeEscalation");
    assert_eq!(with(own, "privileged", true.into()), "privileged");
    assert_eq!(with(own, "capabilities", json!({ "drop": ["NET_RAW"] })), "capabilities.drop");
    assert_eq!(
        with(own, "capabilities", json!({ "drop": ["ALL"], "add": ["SYS_ADMIN"] })),
        "capabilities.add"
    );
    assert_eq!(with("/spec/containers/0/ports/0", "hostPort", 80.into()), "hostPort");
    assert_eq!(with("/spec/volumes/0", "hostPath", json!({ "path": "/" })), "volume of type hostPath");
}

#[test]
fn no_pod_can_write_anywhere_but_where_it_has_to_or_reach_the_clusters_api() {
    for (overlay, objects) in every_overlay() {
        let account = of_kind(&objects, "ServiceAccount")[0];
        assert_eq!(account["automountServiceAccountToken"], false, "{overlay}");
        for (_, template) in pods(&objects) {
            let (spec, container) = (&template["spec"], container(template));
            assert_eq!(spec["serviceAccountName"], account["metadata"]["name"], "{overlay}");
            assert_eq!(spec["automountServiceAccountToken"], false, "{overlay}");
            assert_eq!(spec["enableServiceLinks"], false, "{overlay}");
            assert_eq!(container["securityContext"]["readOnlyRootFilesystem"], true, "{overlay}");
            let volumes = spec["volumes"].as_array().unwrap();
            for mount in container["volumeMounts"].as_array().unwrap() {
                let volume = volumes.iter().find(|volume| volume["name"] == mount["name"]);
                let volume = volume.unwrap_or_else(|| panic!("{overlay}: no volume for {mount}"));
                if let Some(limited) = volume.get("emptyDir") {
                    assert!(
                        limited.get("sizeLimit").is_some(),
                        "{overlay}: a full node is everybody's trouble"
                    );
                } else if volume.get("secret").is_some() {
                    assert_eq!(mount["readOnly"], true, "{overlay}");
                    assert_eq!(volume["secret"]["defaultMode"], 0o440, "{overlay}");
                    assert!(
                        mount.get("subPath").is_none(),
                        "{overlay}: a mounted file is never brought up to date"
                    );
                } else {
                    assert!(volume.get("persistentVolumeClaim").is_some(), "{overlay}: {volume}");
                }
            }
            let variables = environment(&objects, container);
            let temporary =
                variables.get("BATON_TMPDIR").unwrap_or_else(|| panic!("{overlay}: BATON_TMPDIR"));
            assert!(
                container["volumeMounts"].as_array().unwrap().iter().any(|m| m["mountPath"] == *temporary)
            );
        }
    }
}

#[test]
fn every_pod_says_what_it_needs_and_what_it_may_take() {
    for (overlay, objects) in every_overlay() {
        for (_, template) in pods(&objects) {
            let resources = &container(template)["resources"];
            for kind in ["requests", "limits"] {
                for of in ["cpu", "memory", "ephemeral-storage"] {
                    assert!(resources[kind].get(of).is_some(), "{overlay}: {kind} of {of}");
                }
            }
            assert_eq!(resources["limits"]["memory"], "256Mi", "{overlay}");
        }
        for (_, template) in pods(&objects).iter().filter(|(object, _)| kind(object) == "Deployment") {
            assert_eq!(container(template)["resources"]["requests"]["memory"], "32Mi", "{overlay}");
        }
    }
}

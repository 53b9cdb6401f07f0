/*
 * Every event that voxkeeper writes to the journal: the one list. Names and ids are stable; a test
 * holds them against the catalog (systemd/voxkeeper.catalog) and the runbook (docs/runbook.md).
 *
 * X(SYMBOL, name in VOXKEEPER_EVENT=, MESSAGE_ID, level, anchor in docs/runbook.md)
 */
#pragma once

/* clang-format off */
#define VK_EVENTS(X) \
    X(DAEMON_STARTED, "daemon-started", "3ceaaf30814248ea91d93080f9b439fc", NOTICE, "voxkeeper-itself") \
    X(DAEMON_READY, "daemon-ready", "9dfb369bab134faea27655daa05f1119", NOTICE, "voxkeeper-itself") \
    X(DAEMON_STOPPING, "daemon-stopping", "6301bbfca0c5454e8ff9bb510944fe0c", NOTICE, "stop-and-drain") \
    X(DAEMON_STOPPED, "daemon-stopped", "6fced11d2bd841e6847a8387cdde8d51", NOTICE, "stop-and-drain") \
    X(DAEMON_STALLED, "daemon-stalled", "3a124c647e024f05b7c1dce27f7695f5", WARNING, "voxkeeper-itself") \
    X(DAEMON_RESUMED, "daemon-resumed", "42c0d09dd78647eca5e81f56140c7286", NOTICE, "voxkeeper-itself") \
    X(DAEMON_HANDED_OVER, "daemon-handed-over", "2f29bde3907648d6ab0ef83e6db2ab9b", NOTICE, "voxkeeper-itself") \
    X(UPGRADE_BEGAN, "upgrade-began", "3da3780bde9942e695171ec64f4ef13c", NOTICE, "upgrade-voxkeeper") \
    X(UPGRADE_DONE, "upgrade-done", "03fc4995ef3b487593c6d761b6848a68", NOTICE, "upgrade-voxkeeper") \
    X(UPGRADE_REFUSED, "upgrade-refused", "c7f1a2c652d1455ea2d381b17ca76718", ERR, "upgrade-voxkeeper") \
    X(CONFIG_RELOADED, "config-reloaded", "66080f174c9648e29cbd0ba3a1a6bcde", NOTICE, "change-the-configuration") \
    X(CONFIG_REFUSED, "config-refused", "b120a366f0bb49cf82f2dc05873f9bd0", ERR, "change-the-configuration") \
    X(WORKER_STARTED, "worker-started", "78b7d0ac84774ce08e4cda11b43c589b", INFO, "restart-elevenlabs-agent") \
    X(WORKER_START_FAILED, "worker-start-failed", "2330fcf1562a44b888668d77e827062c", ERR, "a-worker-does-not-start") \
    X(WORKER_VERIFIED, "worker-verified", "c1acc9906424450aa36bf9b3ddcb369d", INFO, "restart-elevenlabs-agent") \
    X(WORKER_NOT_VERIFIED, "worker-not-verified", "9ad9b9a25e78454db065a1c284cc4549", ERR, "a-worker-does-not-start") \
    X(WORKER_SUSPECT, "worker-suspect", "993565976fba4662b6a730b7b12e9eed", WARNING, "a-worker-is-unhealthy") \
    X(WORKER_RECOVERED, "worker-recovered", "8df08078a22e418085c2c2af3977a654", INFO, "a-worker-is-unhealthy") \
    X(WORKER_UNHEALTHY, "worker-unhealthy", "f3194a3b381e43e7952c466e473a1797", ERR, "a-worker-is-unhealthy") \
    X(WORKER_HUNG, "worker-hung", "c498b6e73648445e9afa3a387f006745", ERR, "a-worker-hangs") \
    X(WORKER_ZOMBIE, "worker-zombie", "ab57f985433243daa75a2e199b58ba8d", ERR, "a-worker-lost-redis") \
    X(WORKER_DEGRADED, "worker-degraded", "c1b87f1a7323491b99f9cbef0f69a4d0", WARNING, "redis-is-down") \
    X(WORKER_LEAVING, "worker-leaving", "29d015e55d2a4cf6bce879d2a5db4481", INFO, "restart-elevenlabs-agent") \
    X(WORKER_EXITED, "worker-exited", "2eb737282fea475eb5365e1458294a90", INFO, "crash-loop") \
    X(WORKER_CRASHED, "worker-crashed", "ac3e0b5bc29147098c1e26038dabf68e", ERR, "crash-loop") \
    X(WORKER_KILLED, "worker-killed", "2f314fdb43c44bc7a4ccdcf9ea5ee53c", WARNING, "a-worker-ignores-the-stop-signal") \
    X(WORKER_RETRY, "worker-retry", "bafe9bd120c541529127c47089bf36a2", INFO, "crash-loop") \
    X(WORKER_CRASH_LOOP, "worker-crash-loop", "fe01437293134adfbba3fec76ca387b5", ERR, "crash-loop") \
    X(WORKER_CRASH_LOOP_ENDED, "worker-crash-loop-ended", "9280ba2e153443fdb35771b237d047c9", NOTICE, "crash-loop") \
    X(WORKER_LEFTOVERS, "worker-leftovers", "6800e67e527f4da696ec4c60da8f3fe2", WARNING, "a-worker-ignores-the-stop-signal") \
    X(WORKER_OUTPUT_DROPPED, "worker-output-dropped", "98daa4bf75594f89b3fb95ee22432045", WARNING, "log-flood") \
    X(HANDOVER_FALLBACK, "handover-fallback", "40e8d107ee3c4374bf66334eb4a47862", WARNING, "the-listener-is-not-handed-over") \
    X(HANDOVER_MISSED, "handover-missed", "35199bf717a54db2a0c3cf0357822919", ERR, "the-listener-is-not-handed-over") \
    X(RESTART_BEGAN, "restart-began", "b6d9f6f45cdc48b99a6400c790010259", NOTICE, "restart-elevenlabs-agent") \
    X(RESTART_DONE, "restart-done", "6a015b665e4a429c9be7df00cba497dd", NOTICE, "restart-elevenlabs-agent") \
    X(RESTART_FAILED, "restart-failed", "365bf63a6659455484103017ead492d2", ERR, "restart-elevenlabs-agent") \
    X(ROLLOUT_BEGAN, "rollout-began", "5afc2adf926f4835a093dd574d2828a0", NOTICE, "rollouts") \
    X(ROLLOUT_BAKING, "rollout-baking", "1432c2026e2646c4963adaa0e31b3e78", INFO, "rollouts") \
    X(ROLLOUT_ROLLING, "rollout-rolling", "a1d3acd0fed640d6a50fd1b44af7b155", INFO, "rollouts") \
    X(ROLLOUT_DONE, "rollout-done", "6d75af195d204b40a10cd195155cef8b", NOTICE, "rollouts") \
    X(ROLLOUT_WARM, "rollout-warm", "026935a2b3e54b3d8b89f32ecfd2a20e", INFO, "rollouts") \
    X(ROLLOUT_HELD, "rollout-held", "95fc9d438b4f40cb90a34364d593d4b0", ERR, "a-rollout-is-held") \
    X(ROLLOUT_PROMOTED, "rollout-promoted", "35233f6c9a304f17a13c67a979eb4834", NOTICE, "rollouts") \
    X(ROLLOUT_CANCELLED, "rollout-cancelled", "cfe5b74e44524ae78f6e7a837da418d9", NOTICE, "rollouts") \
    X(ROLLOUT_SUPERSEDED, "rollout-superseded", "bb9458f15e9645f48b1dd88332b0465e", NOTICE, "rollouts") \
    X(ROLLOUT_BACK, "rollout-going-back", "ab621c81dfdc4ab69caabd4b9803ba40", WARNING, "a-rollout-went-back") \
    X(ROLLOUT_ROLLED_BACK, "rollout-rolled-back", "c643305cd9af416790d1ec2c9034c589", ERR, "a-rollout-went-back") \
    X(ROLLBACK_FAILED, "rollback-failed", "d9bca52a961c4d5ba94806be22a3e554", ERR, "a-rollout-went-back") \
    X(ROLLBACK_COMMAND_FAILED, "rollback-command-failed", "7be4e1485e9d4402bffb21e82069cfbe", ERR, "a-rollout-went-back") \
    X(SCALE_BEGAN, "scale-began", "6b27debcd40942ddb9797ecca3e28056", NOTICE, "change-the-number-of-workers") \
    X(SCALE_DONE, "scale-done", "0d99b273412a4f328b73bf0c5b1b6e55", NOTICE, "change-the-number-of-workers") \
    X(SCALE_FAILED, "scale-failed", "2f49cfb8fbdc4279b695edbf9512e492", ERR, "change-the-number-of-workers") \
    X(DRAIN_BEGAN, "drain-began", "23961c5229704819ae6f8f356f02bfb4", NOTICE, "stop-and-drain") \
    X(DRAIN_PROGRESS, "drain-progress", "48018f5e186341daabca5daa475d779c", INFO, "stop-and-drain") \
    X(DRAIN_DONE, "drain-done", "614d292e1f1e4bfaa3003324c470d28b", NOTICE, "stop-and-drain") \
    X(DRAIN_CANCELLED, "drain-cancelled", "e9a5642c7d0743e5b6e5c77a2ee05f69", NOTICE, "stop-and-drain") \
    X(CALLERS_CUT, "callers-cut", "df219833d97b401bb581437a489229e0", ERR, "callers-were-cut") \
    X(REDIS_UP, "redis-up", "f054e0b83ce3494db3947d9c777a5bbb", NOTICE, "redis-is-down") \
    X(REDIS_DOWN, "redis-down", "27f82f9467094347bf0283a32bc318aa", ERR, "redis-is-down") \
    X(REDIS_REFUSED, "redis-refused", "90237de7232a49debed432292ed99a49", ERR, "redis-refuses-us") \
    X(SWEEP_DONE, "sweep-done", "521b55ada98948e59645f8997a98714f", INFO, "redis-cleanup") \
    X(SWEEP_FAILED, "sweep-failed", "9e450909a8d14dea9ddfc65e144b2080", WARNING, "redis-cleanup") \
    X(SWEEP_ABORTED, "sweep-aborted", "13d38b6347e34c09b70c349f6dcb6633", WARNING, "redis-cleanup") \
    X(SWEEP_HELD, "sweep-held", "fa27ae1a609a4606bcb4b3b0f51f69ed", WARNING, "a-sweep-is-held") \
    X(SWEEP_ELSEWHERE, "sweep-elsewhere", "47cedcb486ce4fa19f215bfef6af009a", INFO, "redis-cleanup") \
    X(REDIS_RIGHTS, "redis-rights", "8dbde949059042a5947a6bc1f44f23e6", WARNING, "redis-rights") \
    X(BACKUP_FAILED, "backup-failed", "a5561704fe844862a9e31e2040741a1e", ERR, "backup-and-restore") \
    X(RESTORE_DONE, "restore-done", "126a3d2993264001bdd56fc7f5670326", NOTICE, "backup-and-restore") \
    X(RESTORE_FAILED, "restore-failed", "eb48618f66ed46abaf089d717a62e2db", ERR, "backup-and-restore") \
    X(LOG_WATCH_MATCHED, "log-watch-matched", "d2134045b50041d39612cfa90283d8b3", WARNING, "what-workers-write") \
    X(LOG_WATCH_COSTLY, "log-watch-costly", "513262d35c794938aa5248e840a6fe7d", WARNING, "what-workers-write") \
    X(REMEDY_APPLIED, "remedy-applied", "382bef484ba34401a111bcfb9864468e", NOTICE, "self-healing") \
    X(REMEDY_OFF, "remedy-off", "ee684d4aebac4afeb7acdc165f5d5efa", WARNING, "self-healing") \
    X(REMEDY_STOPPED, "remedy-stopped", "1a7d2b01f0cf4c608b7f2d81e9c4588e", ERR, "self-healing") \
    X(INCIDENT_OPENED, "incident-opened", "bbb4709f373943aa94ccb1a8b15cc9ff", WARNING, "incidents") \
    X(INCIDENT_UPDATED, "incident-updated", "c04cd0d6942a40f39c4f530c5e8cdec1", WARNING, "incidents") \
    X(INCIDENT_ACKNOWLEDGED, "incident-acknowledged", "1af7cc13617f43179879bceeb3cd4339", NOTICE, "incidents") \
    X(INCIDENT_EXAMINED, "incident-examined", "95bf4db7f4a34c52b59ecc610ef901e8", NOTICE, "incidents") \
    X(INCIDENT_RESOLVED, "incident-resolved", "0993310ff0ea4dbab3c834aaaa1b0c6d", NOTICE, "incidents") \
    X(CREDENTIAL_IN_USE, "credential-in-use", "b6ab0e5d4f6445848723f8b32de57156", NOTICE, "credentials") \
    X(CREDENTIAL_REFUSED, "credential-refused", "c1ba1c09da2b41e196512fea40d7d1fd", ERR, "a-credential-is-refused") \
    X(CREDENTIAL_UNVERIFIED, "credential-unverified", "ddc4d9b1f75f4a0b84d8901e747a9470", WARNING, "a-credential-is-refused") \
    X(CREDENTIAL_INVALID, "credential-invalid", "41c9fe3c8ba4416a86530eff476c7e87", ERR, "a-credential-is-refused") \
    X(CREDENTIAL_LOW, "credential-low", "63da421984f346f59b19f45d9f0e5a51", WARNING, "a-credential-is-refused") \
    X(CREDENTIAL_DUE, "credential-due", "edafd6de401544b09a5fda720236dec2", WARNING, "a-credential-is-old") \
    X(CREDENTIAL_OLD, "credential-old", "bbcc9ad92ef04a2f94df5f5a7478896b", ERR, "a-credential-is-old") \
    X(ALERT_SENT, "alert-sent", "c714062092914ad5a29b03e4238599f5", INFO, "alerts-are-not-delivered") \
    X(ALERT_DELAYED, "alert-delayed", "e1d39713d9fd4313b46c8ab6a6b61023", WARNING, "alerts-are-not-delivered") \
    X(ALERT_FAILED, "alert-failed", "7361fa41434e4403aaf961f6db79a70e", ERR, "alerts-are-not-delivered") \
    X(ALERT_QUEUE_FAILED, "alert-queue-failed", "7f0006936c2243d39a03207e55dccd24", ERR, "alerts-are-not-delivered") \
    X(SILENCE_BEGAN, "silence-began", "5fb59b47b3b64ebf8ee0a2f35e176847", NOTICE, "silence-alerts") \
    X(SILENCE_ENDED, "silence-ended", "c1853d639cc64e4e9545c984fd8ca90e", NOTICE, "silence-alerts") \
    X(CHANGE_RECORDED, "change-recorded", "cb426ce822bc4227a73f4d4d7467e131", NOTICE, "change-log") \
    X(INSTRUCTIONS_CHANGED, "instructions-changed", "a88af8aa89f04d31a499a7eff16f8ec8", NOTICE, "instructions") \
    X(INSTRUCTIONS_UNSEEN, "instructions-unseen", "8bf863cc278e4f1884814222bd6cfd24", WARNING, "instructions") \
    X(CHANGELOG_DAMAGED, "changelog-damaged", "fa9064fb59444dd5a31acdbe10c02dcf", ERR, "change-log") \
    X(CHANGELOG_UNWRITTEN, "changelog-unwritten", "db7a0479dadf415e93b5e49ec18abc48", ERR, "change-log") \
    X(PREFLIGHT_PASSED, "preflight-passed", "c6919d996c414acebb9dcdde29e4b03a", NOTICE, "preflight") \
    X(PREFLIGHT_FAILED, "preflight-failed", "b58f98b16f7f46fea8ed8db675c8c83e", WARNING, "preflight") \
    X(PREFLIGHT_OVERRIDDEN, "preflight-overridden", "59c0d5cea3b140ccaee6cbc3e1dbbfb4", WARNING, "preflight")
/* clang-format on */

"""The company whose estate is shown: Contoso, a retailer, and Fabrikam, the carrier that it bought.

Most of what runs is built on today's bases, signed, scanned and as its name says. What an operator comes to ask has its cases:

- a vulnerability is out: `CVE-2026-90210` in OpenSSL comes with the bases before their last rebuild (`fulfilment/labels`,
  `notify/sms`, `payments/worker`), today's have the fix; `CVE-2026-90481` in `ml/serving` has none; `catalog/media` and
  `loyalty/points` have statements that something does not apply; scanners disagree on `CVE-2026-90172`
- a base is compromised: `base/node` stands under images of six teams, in two registries
- a tag was replaced: `checkout/session` (by a stranger), `payments/worker` (moved), `checkout/web` (half), `storefront/web`
  (while one looks)
- a pull fails: `catalog/reco` (no tag), `search/synonyms` (no repository), `logistics/portal` (no right),
  `platform/collector` (no host)
- is it signed: every way in `signed.CASES`; is it scanned: gaps, failures and a report of 120 days in `vulnerabilities.operator`
  and the consoles; does the gate let it in: `gate`, refusing in the first cluster, rehearsing in the second
- the base was fixed: `fulfilment/labels` and `notify/sms` did not rebuild, `payments/api` did; there is a task or a job for
  every reason why not (`tasks.Why`, `builders.jobs.Why`)
- who builds it: tasks and settings say, and where they do not, the image (`makers`): a workflow in a signed index (`data/export`)
  and in one that is not (`identity/login`), labels of Azure Pipelines (`search/indexer`), of Jenkins (`fulfilment/scheduler`) and
  of a source alone (`identity/directory`), a system that is none of ours (`ml/ranker`), two that contradict (`notify/mailer`)
- tonight's purge: what CronJobs, scaled-down Deployments and rollback ReplicaSets name (`workloads`), some of it gone already
- a digest is compromised: `platform/toolbox` lies in two registries under two names, with its signature

Begin with `company`, then `images` and `workloads`.
"""

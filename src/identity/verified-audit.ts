import { AuditChain, type AuditVerdict } from '#contract/audit.js';
import type { IdentityStore } from '#contract/identity-store.js';

const AUDIT_PAGE = 1000;

/** Walks the whole log, page by page, and says where it was altered, if it was. */
export async function verifiedAudit(store: IdentityStore): Promise<AuditVerdict> {
  const chain = new AuditChain();
  const length = await store.auditHead();
  for (let after = 0; ; ) {
    const page = await store.audit({ after, limit: AUDIT_PAGE });
    for (const entry of page) chain.add(entry);
    const last = page.at(-1);
    if (last === undefined || page.length < AUDIT_PAGE) return chain.verdict(length);
    after = last.seq;
  }
}

import type { AdminRoute } from './route.js';
import { auditRoute, auditVerificationRoute } from './routes/audit.js';
import { budgetsRoute, usageRoute } from './routes/budgets.js';
import {
  applyRoute,
  checkRoute,
  configurationRoute,
  configurationSchemaRoute,
  differenceRoute,
  rollbackRoute,
  versionRoute,
  versionsRoute,
} from './routes/configuration.js';
import { backendTestRoute, discoveryRoute, proposalRoute } from './routes/discovery.js';
import { explainRoute } from './routes/explain.js';
import { drainRoute, faultRoute, modelsRoute, poolsRoute, replicasRoute, undrainRoute } from './routes/fleet.js';
import { headsRoute } from './routes/heads.js';
import {
  changeKeyRoute,
  createKeyRoute,
  keysRoute,
  revokeKeyRoute,
  rotateKeyRoute,
  whoamiRoute,
} from './routes/keys.js';
import { classifyRoute, embeddingsRoute, similarityRoute } from './routes/local-models.js';
import { openapiRoute } from './routes/openapi.js';
import { overviewRoute } from './routes/overview.js';
import { catalogueRoute, ownCatalogueRoute, planRoute, simulationRoute, whatIfRoute } from './routes/planning.js';
import { pauseRoute, rebalanceRoute, resumeRoute, revertRoute } from './routes/rebalance.js';
import { recommendationsRoute } from './routes/recommendations.js';
import { liveRoute, recordRoute, recordsRoute } from './routes/records.js';
import { sessionRoute, stateRoute } from './routes/state.js';
import { changeTeamRoute, createTeamRoute, teamsRoute } from './routes/teams.js';
import { trafficRoute } from './routes/traffic.js';
import { changeUserRoute, createUserRoute, usersRoute } from './routes/users.js';
import { workloadRoute } from './routes/workload.js';

/** Every route of the admin API. The first that fits a path answers: fixed paths stand before those with a name in them. */
export const ADMIN_ROUTES: readonly AdminRoute[] = [
  openapiRoute,
  sessionRoute,
  stateRoute,
  overviewRoute,
  workloadRoute,
  trafficRoute,
  recordsRoute,
  liveRoute,
  recordRoute,
  explainRoute,
  classifyRoute,
  embeddingsRoute,
  similarityRoute,
  headsRoute,
  modelsRoute,
  poolsRoute,
  recommendationsRoute,
  replicasRoute,
  drainRoute,
  undrainRoute,
  faultRoute,
  rebalanceRoute,
  pauseRoute,
  resumeRoute,
  revertRoute,
  configurationRoute,
  configurationSchemaRoute,
  checkRoute,
  applyRoute,
  versionsRoute,
  versionRoute,
  differenceRoute,
  rollbackRoute,
  discoveryRoute,
  backendTestRoute,
  proposalRoute,
  catalogueRoute,
  ownCatalogueRoute,
  planRoute,
  simulationRoute,
  whatIfRoute,
  whoamiRoute,
  keysRoute,
  createKeyRoute,
  changeKeyRoute,
  rotateKeyRoute,
  revokeKeyRoute,
  teamsRoute,
  createTeamRoute,
  changeTeamRoute,
  usersRoute,
  createUserRoute,
  changeUserRoute,
  budgetsRoute,
  usageRoute,
  auditRoute,
  auditVerificationRoute,
];

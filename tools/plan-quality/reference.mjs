// How the reference planner answers: reads [{sdl, queries}] on stdin, writes one list per entry with
// {fetches, chain, text, plan} per query, or {error} where it makes no plan.
import { readFileSync } from 'node:fs';
import {
  ROUTER_SUPPORTED_SUPERGRAPH_FEATURES,
  Supergraph,
  operationFromDocument,
} from '@apollo/federation-internals';
import { QueryPlanner, prettyFormatQueryPlan } from '@apollo/query-planner';
import { parse } from 'graphql';

/** Subgraph calls of a plan, and how many of them run one after the other at most. */
function measure(node) {
  switch (node?.kind) {
    case undefined:
      return { fetches: 0, chain: 0 };
    case 'Fetch':
      return { fetches: 1, chain: 1 };
    case 'Flatten':
      return measure(node.node);
    case 'Condition': {
      const branches = [measure(node.ifClause), measure(node.elseClause)];
      return { fetches: sum(branches, 'fetches'), chain: Math.max(...branches.map((b) => b.chain)) };
    }
    case 'Sequence': {
      const parts = node.nodes.map(measure);
      return { fetches: sum(parts, 'fetches'), chain: sum(parts, 'chain') };
    }
    case 'Parallel': {
      const parts = node.nodes.map(measure);
      return { fetches: sum(parts, 'fetches'), chain: Math.max(...parts.map((p) => p.chain)) };
    }
    default:
      throw new Error(`Unknown plan node ${node.kind}`);
  }
}

const sum = (parts, key) => parts.reduce((total, part) => total + part[key], 0);

const reason = (error) => ({ error: String(error.message).split('\n')[0] });

const answers = JSON.parse(readFileSync(0, 'utf8')).map(({ sdl, queries }) => {
  let supergraph, planner;
  try {
    // By default it refuses what only routers are expected to know: contexts, access rules.
    supergraph = Supergraph.build(sdl, { supportedFeatures: ROUTER_SUPPORTED_SUPERGRAPH_FEATURES });
    planner = new QueryPlanner(supergraph);
  } catch (error) {
    return queries.map(() => reason(error));
  }
  return queries.map((query) => {
    try {
      const operation = operationFromDocument(supergraph.apiSchema(), parse(query));
      const plan = planner.buildQueryPlan(operation);
      return { ...measure(plan.node), text: prettyFormatQueryPlan(plan), plan };
    } catch (error) {
      return reason(error);
    }
  });
});
process.stdout.write(JSON.stringify(answers));

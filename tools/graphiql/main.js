// The page that GET /graphql shows to a browser: GraphiQL against the address it came from.
import React from "react";
import { createRoot } from "react-dom/client";
import { GraphiQL } from "graphiql";
import { createGraphiQLFetcher } from "@graphiql/toolkit";
import "graphiql/graphiql.css";
import "./page.css";

const defaultQuery = `# GraphiQL, served by the DictaMesh gateway.
#
# Write a query on the left and press Ctrl-Enter (or the button) to run it.
# Ctrl-Space completes names; the book icon shows the documentation of the graph.
# Request headers (Authorization, say) go into the "Headers" tab below.

{
  __typename
}
`;

// A link such as /graphql?query={me{name}} opens with that query.
const parameters = new URLSearchParams(window.location.search);

const endpoint = window.location.origin + window.location.pathname;

createRoot(document.getElementById("graphiql")).render(
  React.createElement(GraphiQL, {
    fetcher: createGraphiQLFetcher({ url: endpoint }),
    defaultQuery,
    query: parameters.get("query") ?? undefined,
    variables: parameters.get("variables") ?? undefined,
    operationName: parameters.get("operationName") ?? undefined,
    defaultEditorToolsVisibility: true,
    shouldPersistHeaders: false,
  }),
);

export { AuraeClient } from './aurae-client.js';
export { type ClientHost } from './client-host.js';
export { connect } from './connect.js';
export { type ConnectOptionName, type ConnectOptions } from './connect-options.js';
export { type ClientConfig, type CredentialFile, discoverConfig } from './discover-config.js';
export { type Endpoint, endpointName } from './endpoint.js';
export { type CallOptions, type PartialRequest, type ServiceApi } from './service-api.js';

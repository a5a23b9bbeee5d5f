export { type Finding, type Scenario } from './scenario.js';
export { isScenarioName, type ScenarioName, scenarioNames, scenarios } from './scenario-names.js';

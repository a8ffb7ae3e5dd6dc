import type { ApiServices } from "./api-services.ts";
import type { ServedService } from "./handlers.ts";
import { passThrough } from "./passing/pass-through.ts";
import { orreryServices } from "./services/orrery/orrery-services.ts";
import { appTokenService } from "./services/app-token.ts";
import { communityService } from "./services/community.ts";
import { datasetService } from "./services/dataset.ts";
import { dockerImageV2Service } from "./services/docker-image-v2.ts";
import { dockerImageService } from "./services/docker-image.ts";
import { folderBudgetService } from "./services/folder-budget.ts";
import { jobService } from "./services/job-service.ts";
import { nodeService } from "./services/node.ts";
import { projectDataService } from "./services/project-data.ts";
import { operationService } from "./services/operation.ts";
import { projectOperationService } from "./services/project-operations.ts";
import { projectServiceV1 } from "./services/project-v1.ts";
import { projectServiceV2 } from "./services/project-v2.ts";
import { s3Service } from "./services/s3.ts";

/** Every service of the API, with what answers it: DataSphere itself, where it owns the projects. */
export function servedServices(services: ApiServices): readonly ServedService[] {
  const { provider } = services;
  const ours = ownServices(services);
  return provider === undefined ? ours : passThrough(services, provider, ours);
}

function ownServices(services: ApiServices): readonly ServedService[] {
  return [
    ...orreryServices(services),
    communityService(services),
    projectServiceV2(services),
    projectServiceV1(services),
    operationService(services),
    projectOperationService(services),
    jobService(services),
    datasetService(services),
    s3Service(services),
    dockerImageService(services),
    dockerImageV2Service(services),
    folderBudgetService(services),
    projectDataService(services),
    nodeService(),
    appTokenService(services),
  ];
}

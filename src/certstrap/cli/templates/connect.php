<?php

require 'vendor/autoload.php';

use Temporal\Client\ClientOptions;
use Temporal\Client\GRPC\ServiceClient;
use Temporal\Client\WorkflowClient;

// The files are read once, here: restart this process after each renewal of the certificate.
$service = ServiceClient::createSSL(
    'ADDRESS',
    crt: 'SERVER_CA', // if SERVER_CA
    clientKey: 'KEY',
    clientPem: 'CERTIFICATE',
    overrideServerName: 'SERVER_NAME', // if SERVER_NAME
);
$service->getConnection()->connect(10.0);
$client = WorkflowClient::create(
    $service,
    (new ClientOptions())->withNamespace('NAMESPACE'),
);
echo "Connected.\n";

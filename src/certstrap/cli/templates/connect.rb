require 'temporalio/client'

client = Temporalio::Client.connect(
  'ADDRESS',
  'NAMESPACE',
  tls: Temporalio::Client::Connection::TLSOptions.new(
    client_cert: File.read('CERTIFICATE'),
    client_private_key: File.read('KEY'),
    domain: 'SERVER_NAME', # if SERVER_NAME
    server_root_ca_cert: File.read('SERVER_CA'), # if SERVER_CA
  )
)
puts "Connected to #{client.namespace}."

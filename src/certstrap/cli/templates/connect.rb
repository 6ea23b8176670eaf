require 'temporalio/client'
require 'temporalio/worker'

def connect
  Temporalio::Client.connect(
    'ADDRESS',
    'NAMESPACE',
    tls: Temporalio::Client::Connection::TLSOptions.new(
      client_cert: File.read('CERTIFICATE'),
      client_private_key: File.read('KEY'),
      domain: 'SERVER_NAME', # if SERVER_NAME
      server_root_ca_cert: File.read('SERVER_CA'), # if SERVER_CA
    )
  )
end

# Run this beside a worker, which then uses a renewed certificate without a restart.
def refresh(worker)
  Thread.new do
    loop do
      sleep 600
      worker.client = connect
    rescue StandardError => e
      warn "The worker keeps its client, as a new one cannot connect: #{e.message}"
    end
  end
end

puts "Connected to #{connect.namespace}."

import io.temporal.worker.Worker;
import io.temporal.worker.WorkerFactory;
import io.temporal.workflow.WorkflowInterface;
import io.temporal.workflow.WorkflowMethod;

/** A worker for the program that `connect` prints for Java. */
public class GreetingWorker {
  @WorkflowInterface
  public interface Greet {
    @WorkflowMethod(name = "Greet")
    String greet(String name);
  }

  public static class Greeting implements Greet {
    @Override
    public String greet(String name) {
      return "Hello, " + name;
    }
  }

  public static void main(String[] args) throws Exception {
    WorkerFactory factory = WorkerFactory.newInstance(Connect.connect());
    Worker worker = factory.newWorker(System.getenv("QUEUE"));
    worker.registerWorkflowImplementationTypes(Greeting.class);
    factory.start();
    Thread.currentThread().join();
  }
}
